/**
 * The prose of causes: what is so, why, and what a person is to do. It is made when it is shown, as of a moment (now; of a
 * day's evidence, the moment of its evaluation) and for those who read it. Times are UTC, ages exact to the minute.
 */
export * from './copies.ts';
export { environmentCure, environmentState } from './environments.ts';
export * from './findings.ts';
export { visibleFacts } from './prose.ts';
export * from './reader.ts';
export * from './tenants.ts';
