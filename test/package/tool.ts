import { execa, ExecaError } from 'execa';

/** Output and exit code of a tool of this machine. Throws with the command that installs a missing one. */
export async function tool(
  name: string,
  args: readonly string[],
  debianPackage: string,
  options: { readonly input?: string; readonly env?: Record<string, string> } = {},
): Promise<{ readonly exitCode: number | undefined; readonly output: string }> {
  try {
    const { exitCode, all } = await execa(name, [...args], { reject: false, all: true, ...options });
    if (exitCode === undefined) throw new Error(`${name} is missing. Type: apt-get install ${debianPackage}`);
    return { exitCode, output: all };
  } catch (error) {
    if (error instanceof ExecaError && error.code === 'ENOENT')
      throw new Error(`${name} is missing. Type: apt-get install ${debianPackage}`);
    throw error;
  }
}
