//! Vectors made with the vendors' own SDKs.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::asked::Asked;
use super::signed::{Claim, claim};

/// A request of a vector.
struct Vector {
    method: Method,
    path: &'static str,
    query: &'static str,
    headers: Vec<(&'static str, String)>,
    body: &'static [u8],
}

impl Vector {
    fn headers(&self) -> HeaderMap {
        let pair = |(name, value): &(&'static str, String)| {
            (HeaderName::from_static(name), HeaderValue::try_from(value).unwrap())
        };
        self.headers.iter().map(pair).collect()
    }

    fn with(mut self, name: &'static str, value: &str) -> Vector {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn read(&self) -> Claim {
        let headers = self.headers();
        claim(&self.asked(&headers)).unwrap().unwrap()
    }

    fn asked<'a>(&'a self, headers: &'a HeaderMap) -> Asked<'a> {
        Asked {
            method: &self.method,
            path: self.path,
            inner_path: self.path,
            query: self.query,
            headers,
            body: self.body,
            is_empty: self.body.is_empty(),
        }
    }

    #[track_caller]
    fn check(&self, key: &str, secret: &str) {
        let headers = self.headers();
        let claim = self.read();
        assert_eq!(claim.key, key);
        assert!(claim.is_by(&self.asked(&headers), secret.as_bytes()), "the vector verifies");
        assert!(!claim.is_by(&self.asked(&headers), b"another secret"), "another secret does not");
        let other = Asked { body: b"{}", is_empty: false, ..self.asked(&headers) };
        let is_body_signed = !self.headers.iter().any(|(_, value)| value == "UNSIGNED-PAYLOAD");
        if is_body_signed && self.method != Method::GET {
            assert!(!claim.is_by(&other, secret.as_bytes()), "another body does not");
        }
    }
}

// --- Huawei --------------------------------------------------------------------------------------

const AK: &str = "AKEXAMPLE0000000001";
const SK: &str = "SKexample0000000000000000000000000000001";
const MEMBERS: &[u8] = b"{\"images\": [\"d164b5df-1bc3-4c3f-893e-3e471fd16e64\"], \"projects\": [\"edc89b490d7d4392898e19b2deb34797\"]}";

fn huawei(method: Method, path: &'static str, query: &'static str, body: &'static [u8]) -> Vector {
    let headers = vec![
        ("host", "127.0.0.1:9876".to_owned()),
        ("user-agent", "ua-test/1.0".to_owned()),
        ("x-project-id", "9c61004714024f9586705d090530f9fa".to_owned()),
        ("x-sdk-date", "20261122T120000Z".to_owned()),
    ];
    Vector { method, path, query, headers, body }
}

fn access(signature: &str, headers: &str) -> String {
    format!("SDK-HMAC-SHA256 Access={AK}, SignedHeaders={headers}, Signature={signature}")
}

const USUAL: &str = "content-type;host;user-agent;x-project-id;x-sdk-date";

#[test]
fn huawei_v1_a_post_with_a_body() {
    let signature = "468d92e78bd8bc6ec27ecb452029131b8f7f19758d28d8346a10ed5b4edfa150";
    huawei(Method::POST, "/v1/cloudimages/members", "", MEMBERS)
        .with("content-type", "application/json;charset=utf-8")
        .with("authorization", &access(signature, USUAL))
        .check(AK, SK);
}

#[test]
fn huawei_v2_a_query_with_everything_in_it() {
    let signature = "ff592efaa18bb1c9f38e27d1e71e91027206779233995889c1144a40d1c940f8";
    let query = "__imagetype=shared&created_at=lt%3A2018-10-28T10%3A00%3A00Z&limit=10&name=a%20b%2Bc%2Fd~%C3%A9&protected=true";
    let vector = |query| {
        huawei(Method::GET, "/v2/cloudimages", query, b"")
            .with("content-type", "application/json")
            .with("authorization", &access(signature, USUAL))
    };
    vector(query).check(AK, SK);
    // The same query in another order and with a plus for the space.
    vector("protected=true&limit=10&name=a+b%2Bc%2Fd~%C3%A9&created_at=lt:2018-10-28T10:00:00Z&__imagetype=shared")
        .check(AK, SK);
}

#[test]
fn huawei_v3_a_patch_whose_body_is_not_signed() {
    let signature = "71789e476407bc7f3fdfc8c0abe321212c73be3ebdc726d58605ac1fb71287f8";
    let headers = "content-type;host;user-agent;x-project-id;x-sdk-content-sha256;x-sdk-date";
    let path = "/v2/images/d164b5df-1bc3-4c3f-893e-3e471fd16e64";
    huawei(Method::PATCH, path, "", b"[]")
        .with("content-type", "application/openstack-images-v2.1-json-patch")
        .with("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")
        .with("authorization", &access(signature, headers))
        .check(AK, SK);
}

#[test]
fn huawei_v4_the_discovery_of_a_project() {
    let signature = "ec94b66e3f3e0498d8cdb623b32f06535b2a7d55b4b80bb9c2ceecbd966be5bb";
    huawei(Method::GET, "/v3/projects", "name=local-1", b"")
        .with("authorization", &access(signature, "host;user-agent;x-sdk-date"))
        .check(AK, SK);
}

#[test]
fn huawei_v5_a_derived_key() {
    let signature = "5ab2dd9cf8a27d89886d346879bc671998795aa2bd0ad896cbdb71a5c596356c";
    let credential = format!(
        "V11-HMAC-SHA256 Credential={AK}/20261122/local-1/ims, SignedHeaders={USUAL}, Signature={signature}"
    );
    huawei(Method::POST, "/v1/cloudimages/members", "", MEMBERS)
        .with("content-type", "application/json;charset=utf-8")
        .with("authorization", &credential)
        .check(AK, SK);
}

#[test]
fn huawei_v6_the_form_of_otc() {
    let signature = "1784db94bab6eec93a73649dd2a8467549c2a909b63c902007e4038b2b14257f";
    let credential = format!(
        "SDK-HMAC-SHA256 Credential={AK}/20261122///sdk_request, \
         SignedHeaders=accept;content-type;host;user-agent;x-sdk-date, Signature={signature}"
    );
    huawei(Method::POST, "/v1/cloudimages/members", "", MEMBERS)
        .with("accept", "application/json")
        .with("content-type", "application/json")
        .with("authorization", &credential)
        .check(AK, SK);
}

// --- CTyun ---------------------------------------------------------------------------------------

fn ctyun(method: Method, query: &'static str, body: &'static [u8], signature: &str) -> Vector {
    let authorization =
        format!("{} Headers=ctyun-eop-request-id;eop-date Signature={signature}", "a".repeat(32));
    let headers = vec![
        ("ctyun-eop-request-id", "5dc1a2f4-0000-1111-2222-333344445555".to_owned()),
        ("eop-date", "20261122T093029Z".to_owned()),
        ("eop-authorization", authorization),
    ];
    Vector { method, path: "/v4/image/list", query, headers, body }
}

#[test]
fn ctyun_a_post_and_a_get() {
    let (key, secret) = ("a".repeat(32), "b".repeat(32));
    let body = b"{\"imageID\": \"8d8e8888-8ed8-88b8-88cb-888f8b8cf8fa\", \"regionID\": \"bb9fdb42056f11eda1610242ac110002\"}";
    let post = ctyun(Method::POST, "", body, "/NMYyr4cgg+R3gBYJLCartqHA3vV/bTCp2nyeHdjVb0=");
    post.check(&key, &secret);
    let signature = "fP9guap42BRYiswSbxCyLhIfrGXyF9fnhWERyh6rdq4=";
    let query =
        "imageVisibilityCode=2&queryContent=a%20b%2Fc&regionID=bb9fdb42056f11eda1610242ac110002";
    ctyun(Method::GET, query, b"", signature).check(&key, &secret);
    let bare = "regionID=bb9fdb42056f11eda1610242ac110002&queryContent=a+b/c&imageVisibilityCode=2";
    ctyun(Method::GET, bare, b"", signature).check(&key, &secret);
    assert_eq!(post.read().stamps, [(1_795_339_829, 0), (1_795_311_029, 8)]);
    assert_eq!(post.read().nonce, "5dc1a2f4-0000-1111-2222-333344445555");
}

// --- Tencent -------------------------------------------------------------------------------------

#[test]
fn tencent_tc3_a_post() {
    let signature = "986b6876edfae0eddf5b3f63d1b798be5e520517918d9e49af218859e6255415";
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential=AKIDloopback/2019-02-25/cvm/tc3_request, \
         SignedHeaders=content-type;host, Signature={signature}"
    );
    let headers = vec![
        ("host", "127.0.0.1:8080".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("x-tc-timestamp", "1551113065".to_owned()),
        ("authorization", authorization),
    ];
    let body = b"{\"ImageId\": \"img-6pb6lrmy\", \"AccountIds\": [\"1038493875\"], \"Permission\": \"SHARE\"}";
    let vector = Vector { method: Method::POST, path: "/", query: "", headers, body };
    vector.check("AKIDloopback", "loopbacksecret");
}

#[test]
fn tencent_the_older_signatures() {
    let form = |method: &str, signature: &str| {
        format!(
            "Action=DescribeImageSharePermission&ImageId=img-6pb6lrmy&Nonce=11886&Region=ap-guangzhou\
             &SecretId=AKIDloopback&SignatureMethod={method}&Timestamp=1551113065\
             &Version=2017-03-12&Signature={signature}"
        )
    };
    let check = |method: &str, signature: &str| {
        let body: &'static str = form(method, signature).leak();
        let headers = vec![
            ("host", "127.0.0.1:8080".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        let vector =
            Vector { method: Method::POST, path: "/", query: "", headers, body: body.as_bytes() };
        let headers = vector.headers();
        let (claim, asked) = (vector.read(), vector.asked(&headers));
        assert_eq!(claim.nonce, "1551113065.11886");
        assert!(claim.is_by(&asked, b"loopbacksecret"), "{method}");
        assert!(!claim.is_by(&asked, b"another"), "{method}");
        let get = Method::GET;
        assert!(!claim.is_by(&Asked { method: &get, ..asked }, b"loopbacksecret"), "{method}");
    };
    check("HmacSHA1", "9babn3AHBO6OslxCLilY355zq50%3D");
    check("HmacSHA256", "rB31sbj8LsmTzwa0ak1T3tg7LXKXJ9Ce1ZrcWaNsNAs%3D");
}

// --- what cannot be read -------------------------------------------------------------------------

#[test]
fn what_cannot_be_read_is_refused_and_never_fails_otherwise() {
    let texts = [
        "SDK-HMAC-SHA256 ",
        "SDK-HMAC-SHA256 Access=",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host",
        "SDK-HMAC-SHA256 Credential=a/20261121//x, SignedHeaders=host, Signature=00",
        "V11-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00",
        "TC3-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00",
        "TC3-HMAC-SHA256 Credential=a/2026-11-22/cvm/tc3_request, SignedHeaders=host",
        "TC3-HMAC-SHA256 =,=,=",
    ];
    for text in texts {
        let vector = huawei(Method::POST, "/", "", b"").with("authorization", text);
        let headers = vector.headers();
        assert!(claim(&vector.asked(&headers)).unwrap().is_err(), "{text}");
    }
    for text in ["", "a", "a Headers=eop-date Signature=b", "a Headers= Signature=b", "a b c"] {
        let vector = ctyun(Method::GET, "", b"", "").with("eop-authorization", text);
        let headers = vector.headers();
        assert!(claim(&vector.asked(&headers)).unwrap().is_err(), "{text}");
    }
    let twice = "SecretId=a&Signature=b&Nonce=1&Timestamp=1&ImageId=a&ImageId=b";
    for query in [twice, "SecretId=a", "Signature=b", "SecretId=a&Signature=b&Nonce=x&Timestamp=1"]
    {
        let query: &'static str = query;
        let vector =
            Vector { method: Method::GET, path: "/", query, headers: Vec::new(), body: b"" };
        assert!(claim(&vector.asked(&HeaderMap::new())).unwrap().is_err(), "{query}");
    }
    for text in ["SKIP", "Bearer abc", "Basic YTpi", ""] {
        let vector = huawei(Method::POST, "/", "", b"").with("authorization", text);
        let headers = vector.headers();
        assert!(claim(&vector.asked(&headers)).is_none(), "{text}");
    }
}

// --- anything at all -----------------------------------------------------------------------------

/// Parts that signatures are made of, so that a few random ones come close to a real one.
const WORDS: &[&str] = &[
    "SDK-HMAC-SHA256 ",
    "V11-HMAC-SHA256 ",
    "TC3-HMAC-SHA256 ",
    "Access=AK",
    "Credential=AK/20261122///sdk_request",
    "Credential=AK/2026-11-22/cvm/tc3_request",
    "SignedHeaders=",
    "Headers=",
    "ctyun-eop-request-id;eop-date",
    "content-type;host",
    "Signature=",
    "Action=DescribeImages",
    "SecretId=AK",
    "Nonce=7",
    "Timestamp=1795348800",
    "20261122T120000Z",
    "00",
    "=",
    "/",
    ";",
    ",",
    "&",
    " ",
    "%",
    "%FF",
    "é",
];

/// Text of such parts and of anything else.
fn texts() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let word =
        prop_oneof![4 => proptest::sample::select(WORDS).prop_map(str::to_owned), 1 => ".{0,4}"];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest::proptest! {
    /// The counterpart of the fuzz targets `signature_…`: whatever is sent is no signature, or cannot be
    /// read, or is nobody's.
    #[test]
    fn any_request_is_unsigned_or_refused(
        (authorization, eop, query) in (texts(), texts(), texts()),
        (date, id) in (texts(), texts()),
        body in texts(),
        is_post in proptest::prelude::any::<bool>(),
    ) {
        let mut headers = HeaderMap::new();
        for (name, text) in [
            ("authorization", &authorization),
            ("eop-authorization", &eop),
            ("eop-date", &date),
            ("ctyun-eop-request-id", &id),
            ("x-sdk-date", &date),
        ] {
            let value = HeaderValue::from_bytes(text.as_bytes());
            headers.extend(value.ok().map(|value| (HeaderName::from_static(name), value)));
        }
        if is_post {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert("content-type", form);
        }
        let method = if is_post { Method::POST } else { Method::GET };
        let asked = Asked {
            method: &method,
            path: "/",
            inner_path: "/",
            query: &query,
            headers: &headers,
            body: body.as_bytes(),
            is_empty: body.is_empty(),
        };
        if let Some(Ok(claim)) = claim(&asked) {
            assert!(!claim.is_by(&asked, b"a secret that signed nothing"));
        }
    }

    /// A signature holds for the body that was signed and for no other.
    #[test]
    fn another_body_is_not_what_was_signed(
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        let signature = "/NMYyr4cgg+R3gBYJLCartqHA3vV/bTCp2nyeHdjVb0=";
        let vector = ctyun(Method::POST, "", b"", signature);
        let headers = vector.headers();
        let asked = Asked { body: &body, is_empty: body.is_empty(), ..vector.asked(&headers) };
        assert!(!vector.read().is_by(&asked, "b".repeat(32).as_bytes()));
        let signature = "468d92e78bd8bc6ec27ecb452029131b8f7f19758d28d8346a10ed5b4edfa150";
        let vector = huawei(Method::POST, "/v1/cloudimages/members", "", b"")
            .with("content-type", "application/json;charset=utf-8")
            .with("authorization", &access(signature, USUAL));
        let headers = vector.headers();
        let asked = Asked { body: &body, is_empty: body.is_empty(), ..vector.asked(&headers) };
        assert!(!vector.read().is_by(&asked, SK.as_bytes()));
    }
}
