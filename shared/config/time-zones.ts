/** What is wrong with the name of an IANA time zone. */
export function timeZoneMistake(value: string): string | undefined {
  const wrong = 'must be an IANA time zone, e.g. UTC or Europe/London';
  // Newer Node versions take offsets such as +01:00 as time zones; Scheduler does not.
  if (!/^[A-Za-z]/.test(value)) return wrong;
  try {
    const spelled = new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone;
    const onlyCase = spelled !== value && spelled.toLowerCase() === value.toLowerCase();
    return onlyCase ? `must be spelled ${spelled}` : undefined;
  } catch (error) {
    if (error instanceof RangeError) return wrong;
    throw error;
  }
}
