/** The one function of mjml that is used; the package declares no types. */
declare module 'mjml' {
  const mjml2html: (
    source: string,
    options: {
      readonly validationLevel: 'strict';
      readonly ignoreIncludes: true;
      readonly keepComments: false;
      readonly fonts: Readonly<Record<string, never>>;
    },
  ) => Promise<{ readonly html: string }>;
  export default mjml2html;
}
