const SHORT_CHARS = 10;

/** The beginning of a revision with the whole in the tooltip; a link when the source gave a URL. */
export function Revision({ revision, link }: { revision: string; link?: string | null }) {
  const short = <code title={revision}>{revision.slice(0, SHORT_CHARS)}</code>;
  return link && /^https?:\/\//i.test(link) ? (
    <a href={link} target="_blank" rel="noreferrer noopener">
      {short}
    </a>
  ) : (
    short
  );
}
