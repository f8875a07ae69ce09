/** Small drawings for empty places. */
export function Picture({ of }: { of: "images" | "inbox" }) {
  return (
    <svg viewBox="0 0 96 64" width="96" height="64" className="lg-picture" aria-hidden="true">
      {of === "images" ? (
        <>
          <rect x="14" y="14" width="44" height="30" rx="4" />
          <rect x="26" y="22" width="44" height="30" rx="4" className="lg-picture-front" />
          <circle cx="38" cy="37" r="6" />
          <path d="M50 33h14M50 41h10" />
        </>
      ) : (
        <>
          <path d="M16 36l10-22h44l10 22v16H16z" className="lg-picture-front" />
          <path d="M16 36h20c0 6 5 9 12 9s12-3 12-9h20M48 6v18m-7-7 7 7 7-7" />
        </>
      )}
    </svg>
  );
}
