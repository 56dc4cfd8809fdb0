#[test]
fn sound() { if let Err(e)=casebook_policy::shipped() { panic!("{e}") } }
