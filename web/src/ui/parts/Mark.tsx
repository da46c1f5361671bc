// Four speech bubbles round a table; one is speaking.
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M11.4 11.4V6a5.4 5.4 0 1 0-5.4 5.4ZM12.6 11.4V6a5.4 5.4 0 1 1 5.4 5.4ZM12.6 12.6V18a5.4 5.4 0 1 0 5.4-5.4Z" />
      <path className="speaks" d="M6 12.6A5.4 5.4 0 1 1 6 23.4H.6V18A5.4 5.4 0 0 1 6 12.6Z" />
    </svg>
  );
}
