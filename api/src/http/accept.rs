//! What a client likes best of several things (RFC 9110 §12.4.2).

/// The heaviest of the ranges of an `Accept…` header that are `known`, the first of those that are liked equally; a weight
/// that can't be read, or is nought, counts as not named.
pub fn preferred<T>(header: &str, known: impl Fn(&str) -> Option<T>) -> Option<T> {
    let named = header.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let value = known(parts.next()?)?;
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>).ok()?;
        (weight > 0.0).then_some((value, weight))
    });
    named.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(value, _)| value)
}
