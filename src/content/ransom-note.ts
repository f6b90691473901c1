/** Names under which extortionists leave their demands. */
const notes = /(?:how[ _-]?to[ _-]?(?:decrypt|recover|restore|unlock|back[ _-]?files)|(?:decrypt|recover|restore|unlock)[ _-]?(?:my|your|all|the)?[ _-]?(?:files?|data|instructions?|readme|manual|me\b)|readme[ _-]?(?:for|to|now)?[ _-]?(?:decrypt|unlock|recover)|(?:your|all)[ _-]files[ _-](?:are|have|were)|ransom[ _-]?note|[!_@#-]{2,}read[ _-]?me|lockbit|@please_read_me@|_readme\.txt)[^/]*$/i;

const readable = /\.(?:txt|html?|hta|rtf|md|bmp|png|jpe?g)$/i;

/** Whether a file is called as ransom notes are. */
export function isRansomNote(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return notes.test(name) && (readable.test(name) || !name.includes('.'));
}
