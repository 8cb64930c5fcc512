"""People's alerts: rules, the judge of every raw tick, and the rows they leave.

- rules: conditions and rules as values, and what can be wrong with them
- measures: what an instrument did so far; gauges: figures made of that, with their thresholds
- judge: which alerts fire at an event; watch: the judge as an observer of the market
- wording: rules and firings in words; forms: what users send to pages
- reading: reads of the rows; services: the only writer of them
- forecast, hindsight: how often a rule would have fired
"""
