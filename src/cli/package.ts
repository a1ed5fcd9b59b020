/** Where this package lies: two folders above this one, in the sources and in what is built of them. */
export const PACKAGE = new URL('../../', import.meta.url);
