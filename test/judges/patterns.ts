interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: {
          readonly EventPattern?: object;
          readonly FilterCriteria?: { readonly Filters: readonly { readonly Pattern: string }[] };
        };
      }
    >
  >;
}

/** The patterns of a template's rules, and the filters of its stream mappings, by logical id without its hash. */
export function patternsOf({ Resources }: Template): Readonly<Record<string, object>> {
  const named = Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]): [string, object][] => {
    const name = id.replace(/[0-9A-F]{8}$/, '');
    if (Type === 'AWS::Events::Rule' && Properties.EventPattern) return [[name, Properties.EventPattern]];
    const filters = Properties.FilterCriteria?.Filters ?? [];
    return filters.map(({ Pattern }, n) => [`${name} ${n + 1}`, JSON.parse(Pattern) as object]);
  });
  return Object.fromEntries(named);
}
