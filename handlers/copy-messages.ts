/** What composes the messages of copies. Most passes send none: it is imported with the first. */
export { composeCopiesPaused, composeCopyMessages, messageContext } from '../shared/notifications/index.ts';
