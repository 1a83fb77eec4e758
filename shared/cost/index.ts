export { type CostItem, type MonthlyCost, monthlyCost } from './monthly-cost.ts';
export { formatUsd, prices, pricesAsOf, pricesRegion, rotationUsd } from './prices.ts';
export {
  alarmedMetrics,
  assumed,
  eventsADay,
  liveBackups,
  memoryGb,
  readUnits,
  requestsAnEvent,
  rowBytes,
  watchesADay,
  writeUnits,
} from './usage.ts';
