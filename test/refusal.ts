import { MemcellError } from '../src/errors.js';

/**
 * What a call is refused with, as 'usage: …': the kind of the error and its message; 'nothing' where it is not. What is no error
 * that a user can act on is thrown.
 * @param told makes of the message what a test compares, as without the folder that it names
 */
export async function refusal(run: () => unknown, told = (message: string) => message): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof MemcellError) return `${error.code}: ${told(error.message)}`;
    throw error;
  }
  return 'nothing';
}
