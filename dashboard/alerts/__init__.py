"""People's alerts: rules, the judge of every raw tick, and the rows they leave.

- rules: conditions and rules as values, and what can be wrong with them
- measures: what an instrument did so far; gauges: figures made of that, with their thresholds
- judge: which alerts fire at an event; watch: the judge as an observer of the market
- wording: rules and firings in words; forms: what users send to pages
- reading: reads of the rows; services: their only writer; pruning: deletes the old ones
- forecast, recorded_forecast: how often a rule would have fired, by bars or by each tick of a
  recording; hindsight, recorded_hindsight: the same for a person, with that person's rights
"""
