import { acknowledgeAlert } from '../../shared/notifications/index.ts';
import { command } from '../command.ts';
import { findDatabase } from '../find.ts';
import { fleetPlacesOf } from '../fleet-places.ts';
import { alertAnswer, noOpenAlert } from './alerts.ts';
import { kindOption, placeOptions, shareOption } from './options.ts';

export const alertAck = command({
  details:
    'Of a shared database it is the alert of its operators; with --tenant that of one tenant. Either leaves all others as they are.',
  arguments: [{ name: '<database>', description: 'the database whose alert is open' }],
  options: [
    shareOption,
    kindOption,
    ...placeOptions,
    { flags: '--by <name>', description: 'who acknowledges it (default: the name you are signed in with)' },
    { flags: '--note <text>', description: 'what others should know' },
  ],
  examples: [
    'alert ack acme-orders --note "ticket 4711, storage is being enlarged"',
    'alert ack pool-1 --tenant acme --note "its first snapshot comes tonight"',
  ],
  json: { is: 'object', fields: { '(those of `alerts`)': 'the alert as it is now' } },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const places = await fleetPlacesOf(deps, deployed, args);
    const { key, id } = await findDatabase(deployed, places, args);
    const note = args.optional('note');
    const who = { by: args.optional('by') ?? deps.user(), ...(note !== undefined && { note }) };
    const alert = await acknowledgeAlert(deployed.ledger, key, who, deps.now());
    if (alert === 'no open alert') throw noOpenAlert(id, args.optional('tenant'));
    return alertAnswer(deps, deployed.ledger, places, alert);
  },
});
