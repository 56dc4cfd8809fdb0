//! Shapes that no list of terms can hold: telephone numbers, addresses, links.
//!
//! Each function looks at one place of a text and reads a bounded stretch from there, so that a text costs time in
//! proportion to its length whatever it holds.

use std::ops::Range;

use casebook_policy::Pattern;

use super::fold::{half_width, is_ideograph};

/// The most characters of a street's name that an address span quotes.
const STREET_NAME_CHARS_MAX: usize = 12;
/// The most digits of a house number.
const HOUSE_NUMBER_DIGITS_MAX: usize = 5;
/// The most characters of a link that are read.
const LINK_BYTES_MAX: usize = 2048;
/// A shop's share code stands between two marks and has so many letters and digits.
const SHARE_CODE_CHARS: Range<usize> = 8..15;

/// Hosts of shops; a host below one of them belongs to it.
pub const SHOP_HOSTS: &[&str] = &[
    "taobao.com",
    "tmall.com",
    "tb.cn",
    "jd.com",
    "3.cn",
    "pinduoduo.com",
    "yangkeduo.com",
    "pdd.cn",
    "vip.com",
    "suning.com",
    "youzan.com",
    "weidian.com",
    "kuaishoushop.com",
    "jinritemai.com",
    "haohuo.com",
    "dangdang.com",
    "mogu.com",
    "xiaohongshu.shop",
    "1688.com",
    "alibaba.com",
    "yhd.com",
    "kaola.com",
    "ule.com",
];

/// What stands before and behind a shop's share code.
pub const SHARE_MARKS: &[char] = &['￥', '¥', '₤', '₵'];

/// A shape that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub pattern: Pattern,
    pub bytes: Range<usize>,
}

/// The shapes that a run of digits at `at` takes part in. The character before `at` is no digit.
pub fn number(text: &str, at: usize) -> Option<Shape> {
    address(text, at).or_else(|| telephone(text, at))
}

/// Digits in groups, as a number is written: 138-1234 5678.
struct Groups {
    /// The digits, half-width.
    digits: String,
    /// How many digits each group has, and the byte at which it ends.
    groups: Vec<(usize, usize)>,
    /// The character between the first two groups.
    first_joint: Option<char>,
}

/// Fifteen digits are the most a telephone number has anywhere; four groups the most it is written in.
const DIGITS_MAX: usize = 15;
const GROUPS_MAX: usize = 4;

fn groups(text: &str, at: usize) -> Option<Groups> {
    let mut found = Groups { digits: String::new(), groups: vec![(0, at)], first_joint: None };
    let mut joint = None;
    for (index, c) in text[at..].char_indices() {
        let digit = half_width(c);
        let end = at + index + c.len_utf8();
        if digit.is_ascii_digit() {
            if joint.take().is_some() {
                if found.groups.len() == GROUPS_MAX {
                    return Some(found);
                }
                found.groups.push((0, end));
            }
            if found.digits.len() == DIGITS_MAX {
                // A longer run of digits is the number of something else.
                return (found.groups.len() > 1).then_some(found);
            }
            found.digits.push(digit);
            if let Some(group) = found.groups.last_mut() {
                *group = (group.0 + 1, end);
            }
        } else if matches!(c, '-' | ' ' | '－' | '–' | '—' | ')' | '）') && joint.is_none() {
            joint = Some(c);
            if found.groups.len() == 1 {
                found.first_joint = Some(c);
            }
        } else {
            break;
        }
    }
    Some(found)
}

fn telephone(text: &str, at: usize) -> Option<Shape> {
    if text[..at].chars().next_back().is_some_and(|c| half_width(c).is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let found = groups(text, at)?;
    let digits = found.digits.as_str();
    let lengths: Vec<usize> = found.groups.iter().map(|(length, _)| *length).collect();
    let ends = |groups: usize| found.groups.get(groups.checked_sub(1)?).map(|(_, end)| *end);
    let shape = |pattern, groups| ends(groups).map(|end| Shape { pattern, bytes: at..end });
    let mobile = |digits: &str| {
        let mut bytes = digits.bytes();
        bytes.next() == Some(b'1') && bytes.next().is_some_and(|second| (b'3'..=b'9').contains(&second))
    };
    match *lengths.as_slice() {
        [11, ..] if mobile(digits) => shape(Pattern::MobileNumber, 1),
        // With the country's code in front.
        [13, ..] if digits.starts_with("86") && mobile(&digits[2..]) => shape(Pattern::MobileNumber, 1),
        [3, 4, 4, ..] if mobile(digits) => shape(Pattern::MobileNumber, 3),
        [10, ..] if is_service(digits) => shape(Pattern::ServiceNumber, 1),
        [3, 7, ..] if is_service(digits) => shape(Pattern::ServiceNumber, 2),
        [3, 3, 4, ..] | [3, 4, 3, ..] | [3, 2, 5, ..] if is_service(digits) => shape(Pattern::ServiceNumber, 3),
        [3 | 4, 7 | 8, ..] if digits.starts_with('0') && found.first_joint != Some(' ') => {
            shape(Pattern::LandlineNumber, 2)
        }
        _ => None,
    }
}

fn is_service(digits: &str) -> bool {
    digits.starts_with("400") || digits.starts_with("800")
}

/// 某某路18号: a street's name, a house number, and the word that makes it one.
fn address(text: &str, at: usize) -> Option<Shape> {
    let before = &text[..at];
    let street = ["大道", "胡同", "路", "街", "巷", "弄"].iter().find(|word| before.ends_with(**word))?;
    let mut digits_end = at;
    let mut digits = 0;
    for c in text[at..].chars() {
        if half_width(c).is_ascii_digit() {
            digits += 1;
        } else if !(matches!(c, '-' | '之') && digits > 0) {
            break;
        }
        digits_end += c.len_utf8();
        if digits > HOUSE_NUMBER_DIGITS_MAX {
            return None;
        }
    }
    let mut after = text[digits_end..].chars();
    let unit = after.next().filter(|c| matches!(c, '号' | '弄' | '栋' | '幢'))?;
    // 18号线 is a metro line, 18号文 a document.
    if after.next().is_some_and(|c| matches!(c, '线' | '文' | '令' | '台' | '公' | '车')) {
        return None;
    }
    let name: usize = before[..before.len() - street.len()]
        .chars()
        .rev()
        .take(STREET_NAME_CHARS_MAX)
        .take_while(|c| is_ideograph(*c) && !matches!(c, '在' | '于' | '到' | '址' | '是' | '去' | '往' | '的'))
        .map(char::len_utf8)
        .sum();
    // Without a name 路18号 is no address.
    (name > 0).then(|| Shape {
        pattern: Pattern::StreetAddress,
        bytes: at - street.len() - name..digits_end + unit.len_utf8(),
    })
}

/// The link whose scheme or `www.` stands in `marker`.
pub fn link(text: &str, marker: Range<usize>) -> Option<(Shape, bool)> {
    let end = marker.end + link_length(&text[marker.end..]);
    let after_scheme = if text[marker.clone()].ends_with('/') { marker.end } else { marker.start };
    let host = host(&text[after_scheme..end]);
    let is_host = host.split('.').count() > 1 && host.split('.').all(|label| !label.is_empty());
    is_host.then(|| (Shape { pattern: Pattern::Url, bytes: marker.start..end }, is_shop(host)))
}

fn link_length(text: &str) -> usize {
    text.bytes()
        .take(LINK_BYTES_MAX)
        .take_while(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'{' | b'}' | b'\\'))
        .count()
}

fn host(link: &str) -> &str {
    let end = link.find(['/', '?', '#', ':', '&']).unwrap_or(link.len());
    link[..end].trim_end_matches(['.', ',', ';', ')', '!'])
}

/// Whether the host is a shop's or lies below one.
pub fn is_shop(host: &str) -> bool {
    SHOP_HOSTS.iter().any(|shop| {
        host.len() >= shop.len()
            && host.is_char_boundary(host.len() - shop.len())
            && host[host.len() - shop.len()..].eq_ignore_ascii_case(shop)
            && (host.len() == shop.len() || host.as_bytes()[host.len() - shop.len() - 1] == b'.')
    })
}

/// A shop's host without a scheme, such as m.tb.cn/h.5abc, where the shop's own name stands in `marker`.
pub fn bare_shop_link(text: &str, marker: Range<usize>) -> Option<Shape> {
    let of_host = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let before = text.as_bytes()[..marker.start].iter().rev().take(LINK_BYTES_MAX).take_while(|b| of_host(**b)).count();
    let start = marker.start - before;
    let end = marker.end + link_length(&text[marker.end..]);
    is_shop(host(&text[start..end])).then_some(Shape { pattern: Pattern::ShopUrl, bytes: start..end })
}

/// A shop's share code (口令), whose opening mark stands in `marker`.
pub fn share_code(text: &str, marker: Range<usize>) -> Option<Shape> {
    let mark = &text[marker.clone()];
    let code = text[marker.end..].bytes().take(SHARE_CODE_CHARS.end).take_while(u8::is_ascii_alphanumeric).count();
    let end = marker.end + code;
    let closed = text[end..].starts_with(mark);
    // Digits alone between two marks are prices.
    let letters = text[marker.end..end].bytes().any(|b| b.is_ascii_alphabetic());
    (SHARE_CODE_CHARS.contains(&code) && letters && closed)
        .then(|| Shape { pattern: Pattern::ShopUrl, bytes: marker.start..end + mark.len() })
}

/// Whether a link that stands by itself, beside a text, is a link, and whether it leads to a shop.
pub fn lone_link(link: &str) -> Option<bool> {
    let link = link.trim();
    let after_scheme = link.split_once("://").map_or(link, |(_, rest)| rest);
    let host = host(after_scheme);
    (host.contains('.') && !host.chars().any(char::is_whitespace)).then(|| is_shop(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first run of digits in the text is recognised as, and the words quoted.
    fn first_number(text: &str) -> Option<(Pattern, &str)> {
        let at = text.char_indices().find(|(_, c)| half_width(*c).is_ascii_digit())?.0;
        number(text, at).map(|shape| (shape.pattern, &text[shape.bytes]))
    }

    #[test]
    fn mobile_numbers_are_read_however_they_are_spaced() {
        for text in [
            "电话13812345678。",
            "电话138-1234-5678。",
            "电话138 1234 5678。",
            "电话１３８１２３４５６７８。",
            "电话8613812345678。",
        ] {
            assert_eq!(first_number(text).map(|(pattern, _)| pattern), Some(Pattern::MobileNumber), "{text}");
        }
        assert_eq!(first_number("打138 1234 5678吧"), Some((Pattern::MobileNumber, "138 1234 5678")));
    }

    #[test]
    fn other_numbers_are_not_mobile_numbers() {
        for text in [
            "12812345678",
            "1381234567",
            "138123456789",
            "订单a13812345678",
            "2020-04-11 16:00",
            "4488515010140161",
            "138 123 45678",
        ] {
            assert_eq!(first_number(text), None, "{text}");
        }
    }

    #[test]
    fn service_and_fixed_lines_are_told_apart() {
        assert_eq!(first_number("请拨400-820-8820"), Some((Pattern::ServiceNumber, "400-820-8820")));
        assert_eq!(first_number("请拨4008208820"), Some((Pattern::ServiceNumber, "4008208820")));
        assert_eq!(first_number("请拨021-64370045转"), Some((Pattern::LandlineNumber, "021-64370045")));
        assert_eq!(first_number("请拨（0575）88221234"), Some((Pattern::LandlineNumber, "0575）88221234")));
        assert_eq!(first_number("400例患者"), None);
        assert_eq!(first_number("约100-12345678"), None);
    }

    #[test]
    fn an_address_needs_a_street_with_a_name_and_a_house_number() {
        assert_eq!(first_number("门诊在越城区胜利西路18号二楼"), Some((Pattern::StreetAddress, "越城区胜利西路18号")));
        assert_eq!(first_number("地址：人民大道１２３号"), Some((Pattern::StreetAddress, "人民大道１２３号")));
        for text in ["3月18号", "地铁世纪大道2号线", "路18号", "南京路123456号", "在路上8号见"] {
            assert_eq!(first_number(text), None, "{text}");
        }
    }

    fn linked<'a>(text: &'a str, marker: &str) -> Option<(&'a str, bool)> {
        let start = text.find(marker)?;
        link(text, start..start + marker.len()).map(|(shape, shop)| (&text[shape.bytes], shop))
    }

    #[test]
    fn a_link_ends_where_the_sentence_goes_on_and_its_host_says_whether_it_is_a_shop() {
        assert_eq!(
            linked("见https://item.taobao.com/item?id=1，包邮", "https://"),
            Some(("https://item.taobao.com/item?id=1", true))
        );
        assert_eq!(linked("见http://t.cn/A6abc 更多", "http://"), Some(("http://t.cn/A6abc", false)));
        assert_eq!(linked("见www.nhc.gov.cn。", "www."), Some(("www.nhc.gov.cn", false)));
        assert_eq!(linked("见https://nottaobao.com/a", "https://"), Some(("https://nottaobao.com/a", false)));
        assert_eq!(linked("http://", "http://"), None);
        assert_eq!(linked("http://见下", "http://"), None);
    }

    #[test]
    fn a_shops_host_and_a_share_code_need_no_scheme() {
        let text = "复制m.tb.cn/h.5abc打开";
        let at = text.find("tb.cn").expect("host");
        assert_eq!(bare_shop_link(text, at..at + 5).map(|shape| &text[shape.bytes]), Some("m.tb.cn/h.5abc"));
        let text = "notb.cnx";
        let at = text.find("tb.cn").expect("host");
        assert_eq!(bare_shop_link(text, at..at + 5), None);
        let code = |text: &str| {
            let at = text.find('￥')?;
            share_code(text, at..at + '￥'.len_utf8()).map(|shape| text[shape.bytes].to_owned())
        };
        assert_eq!(code("复制￥AbC12345xyz￥打开"), Some("￥AbC12345xyz￥".to_owned()));
        assert_eq!(code("原价￥12345678￥"), None);
        assert_eq!(code("原价￥199"), None);
    }

    #[test]
    fn a_link_beside_the_text_is_judged_by_its_host() {
        assert_eq!(lone_link("https://detail.tmall.com/x"), Some(true));
        assert_eq!(lone_link("shop.jd.com"), Some(true));
        assert_eq!(lone_link("https://weibo.com/1"), Some(false));
        assert_eq!(lone_link("小黄车"), None);
    }
}
