//! Small rules about text that people write.

/// At most `chars` characters of `text`, with an ellipsis where something was cut: for error texts
/// that quote what a client sent.
pub fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The form of a name that searches compare: Unicode lower case. Databases fold differently, so it
/// is computed here and stored in a column of its own.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}
