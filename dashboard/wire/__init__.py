"""The wire, version 1; its twin in the browser is static/js/wire/frames.js."""
