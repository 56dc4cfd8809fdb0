//! User and password in a connection string.

use percent_encoding::percent_decode_str;

/// The user and the password of a connection string, decoded.
pub(super) fn userinfo(connection_string: &str) -> Result<Option<(String, String)>, String> {
    let (_, rest) = connection_string.split_once("://").ok_or("it does not begin as kurrentdb://")?;
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // Of a password with such a character, the rest would stand where hosts and options are spoken of freely.
    if behind.contains('@') {
        return Err("of user and password, and behind the hosts, `/ ? # @` are written as %2F %3F %23 %40".into());
    }
    let Some((userinfo, hosts)) = authority.rsplit_once('@') else { return Ok(None) };
    if userinfo.contains(['@', ',']) || hosts.is_empty() {
        return Err("of user and password, `@` and `,` are written as %40 and %2C".into());
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(String::from).map_err(|_| "user and password are UTF-8".to_owned())
    };
    Ok(Some((decoded(user)?, decoded(password)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_decoded() {
        for (written, user, password) in [
            ("li:pw", "li", "pw"),
            ("li", "li", ""),
            ("l%40i:p%3Aw%2F%3F%23%2C%25", "l@i", "p:w/?#,%"),
            ("li:p:w", "li", "p:w"),
            ("%E6%9D%8E:%E5%AF%86", "李", "密"),
        ] {
            for hosts in ["one:2113", "one,two:2114", "one:2113?tls=true&tlsCaFile=/a/b.pem", "one/?tls=false"] {
                let found = userinfo(&format!("kurrentdb://{written}@{hosts}"));
                assert_eq!(found, Ok(Some((user.to_owned(), password.to_owned()))), "{written} {hosts}");
            }
        }
        assert_eq!(userinfo("kurrentdb+discover://one:2113?tls=true"), Ok(None));
    }

    #[test]
    fn what_would_be_taken_for_something_else_is_refused() {
        for written in ["li:p/w", "li:p?w", "li:p#w", "li:p@w", "li:p,w", "li:12/p", "li:%FF"] {
            let error = userinfo(&format!("kurrentdb://{written}@one:2113?tls=true")).unwrap_err();
            assert!(!error.contains(written), "{error}");
        }
    }
}
