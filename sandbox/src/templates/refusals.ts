import { GraphError } from '../graph/errors.ts';

/**
 * What Meta refuses in the management of templates. It puts the codes 2388xxx of its error page into
 * `error_subcode` of a 100, with a title and a sentence for people.
 */
function refusal(subcode: number, title: string, message: string): GraphError {
  return new GraphError({ code: 100, subcode, message: 'Invalid parameter', user: { title, message } });
}

export const tooLong = (field: string, max: number): GraphError =>
  refusal(
    2388040,
    'Character Limit Exceeded in Template Field',
    `The ${field} has a limit of ${max} characters.`,
  );

export const wrongHeader = (message: string): GraphError =>
  refusal(2388047, 'Message Header Format Is Incorrect', message);

export const wrongBody = (message: string): GraphError =>
  refusal(2388072, 'Message Body Format Is Incorrect', message);

export const wrongFooter = (message: string): GraphError =>
  refusal(2388073, 'Message Footer Format Is Incorrect', message);

export const missingField = (component: string, field: string): GraphError =>
  refusal(
    2388043,
    'Message template "components" param is missing expected field(s)',
    `component of type ${component} is missing expected field(s) (${field})`,
  );

export const tooManyVariables = (): GraphError =>
  refusal(
    2388293,
    'Parameters words ratio exceeds limit',
    'This template has too many variables for its length. Reduce the number of variables or increase the message length.',
  );

export const danglingVariable = (): GraphError =>
  refusal(
    2388299,
    "Variables can't be at the start or end of the template",
    "Variables can't be at the start or end of the template.",
  );

export const tooManyTemplates = (): GraphError =>
  refusal(
    2388019,
    'Message Template Limit Exceeded',
    'This WhatsApp Business Account has as many message templates as it may have. Delete one first.',
  );

export const wrongName = (message: string): GraphError =>
  refusal(2388046, 'Name Format is Incorrect', message);

export const sampleName = (name: string): GraphError =>
  refusal(
    2388155,
    'Template name is already used as a sample template',
    `The template ${name} is a sample that is created by default. Please use a different name.`,
  );

export const languageExists = (language: string): GraphError =>
  refusal(
    2388024,
    'Content in This Language Already Exists',
    `There is already ${language} content for this template. You can create a new template and try again.`,
  );

export const beingDeleted = (language: string): GraphError =>
  refusal(
    2388023,
    'Message Template Language Is Being Deleted',
    `New ${language} content can't be added while the existing ${language} content is being deleted. Try again in 4 weeks.`,
  );

export const statusStays = (message: string): GraphError =>
  refusal(2388039, "Message Template Status Can't Be Changed", message);

export const generatedStays = (): GraphError =>
  refusal(
    2388318,
    "Template Can't Be Edited",
    'This template was made by Meta from a message that was sent directly; it cannot be edited.',
  );

export const generatedKept = (): GraphError =>
  refusal(
    2388330,
    "Template Can't Be Deleted",
    'This template was made by Meta from a message that was sent directly; it cannot be deleted.',
  );

/** What Meta refuses without a code of its own in any source read. */
export const wrongTemplate = (title: string, message: string): GraphError =>
  new GraphError({ code: 100, message: 'Invalid parameter', user: { title, message } });

/** A field of a wrong type or outside its enumeration. */
export const wrongParam = (message: string): GraphError =>
  new GraphError({ code: 100, message: `(#100) ${message}` });
