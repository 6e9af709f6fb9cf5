/** A function that does nothing: what Node itself costs at a cold start. */

export const handler = async () => ({ statusCode: 200 });
