/** Objects for the api, which takes a field that is left out, and not one that is undefined. */

type Defined<Given> = { [Name in keyof Given]?: Exclude<Given[Name], undefined> };

/** Returns what is given of it. */
export function defined<Given extends object>(fields: Given): Defined<Given> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Given>;
}
