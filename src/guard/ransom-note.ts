/** Typical names of ransom notes. */
const names = [
  /how[ _-]?to[ _-]?(?:decrypt|recover|restore|unlock|back[ _-]?files)/,
  /(?:decrypt|recover|restore|unlock)[ _-]?(?:my|your|all|the)?[ _-]?(?:files?|data|instructions?|readme|manual|me\b)/,
  /readme[ _-]?(?:for|to|now)?[ _-]?(?:decrypt|unlock|recover)/,
  /(?:your|all)[ _-]files[ _-](?:are|have|were)/,
  /ransom[ _-]?note/,
  /[!_@#-]{2,}read[ _-]?me/,
  /lockbit/,
  /@please_read_me@/,
  /_readme\.txt/,
];
const notes = new RegExp(`(?:${names.map(({ source }) => source).join('|')})[^/]*$`, 'i');

const readable: ReadonlySet<string> = new Set(['txt', 'htm', 'html', 'hta', 'rtf', 'md', 'bmp', 'png', 'jpg', 'jpeg']);

/** Whether a file has the name of a ransom note. It runs for every new file, so it tests the ending first. */
export function isRansomNote(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return (dot < 0 || readable.has(name.slice(dot + 1).toLowerCase())) && notes.test(name);
}
