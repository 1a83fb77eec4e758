import { acknowledgeAlert } from '../../shared/notifications/index.ts';
import { command } from '../command.ts';
import { findDatabase } from '../find.ts';
import { fleetPlacesOf } from '../fleet-places.ts';
import { UserError } from '../user-error.ts';
import { alertAnswer } from './alerts.ts';
import { kindOption, placeOptions } from './options.ts';

export const alertAck = command({
  arguments: [{ name: '<database>', description: 'the database whose alert is open' }],
  options: [
    kindOption,
    ...placeOptions,
    { flags: '--by <name>', description: 'who acknowledges it (default: the name you are signed in with)' },
    { flags: '--note <text>', description: 'what others should know' },
  ],
  examples: ['alert ack acme-orders --note "ticket 4711, storage is being enlarged"'],
  json: { is: 'object', fields: { '(those of `alerts`)': 'the alert as it is now' } },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const places = await fleetPlacesOf(deps, deployed, args);
    const { key, id } = await findDatabase(deployed, places, args);
    const note = args.optional('note');
    const who = { by: args.optional('by') ?? deps.user(), ...(note !== undefined && { note }) };
    const alert = await acknowledgeAlert(deployed.ledger, key, who, deps.now());
    if (alert === 'no open alert') throw new UserError(`"${id}" has no open alert.`);
    return alertAnswer(deps, deployed.ledger, places, alert);
  },
});
