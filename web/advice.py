"""What to do about each code. `Backticks` mark code; `detail` is the problem document's own member."""

ADVICE = {
    "already-decided": (
        "`GET /v1/merges/{mergeId}` shows who decided what, and why. A decision stands: a merge can't be undone, and a"
        " request that was rejected can be made anew."
    ),
    "bad-request": "Read `detail`, correct the request and send it again. Nothing was changed.",
    "body-malformed": (
        "Send one JSON document in UTF-8, nested at most 16 deep. No object may name a key twice, and no text may hold"
        " a NUL or half of a surrogate pair. What a JSON library writes is well-formed; look where the text was put"
        " together by hand."
    ),
    "body-not-json": "Send the header `Content-Type: application/json`, and JSON with it.",
    "body-too-large": (
        "Send less at once: a contact's values fit into 16 KiB many times over. Look for text that was meant for"
        " another field or another system."
    ),
    "chain-contradicted": (
        "The entry is in the chain, and the chain is not the one that its last checkpoint was signed over. Keep this"
        " answer and your receipt, and tell an auditor: `onefold audit verify` names what differs."
    ),
    "channel-invalid": (
        "In a URL, write the channel and its qualifier as one path segment, `PUSH-ap56921D` or `SMS-spring`: the first"
        " hyphen ends the channel, and all after it is the qualifier. In a body they are two fields. A qualifier has no"
        " invisible characters and no space at either end."
    ),
    "checkpoint-not-found": (
        "Wait some seconds after the first entry: a worker signs every ten. If there never is one, `/status` says why."
    ),
    "column-not-found": (
        "Names are exact: upper and lower case and inner spaces count. `GET /v1/databases/{databaseId}` lists the"
        " columns, and `POST /v1/databases/{databaseId}/columns` adds one."
    ),
    "contact-absorbed": (
        "Follow the `Location` header: it leads to the live contact in one hop. Method and body stay the same, so a"
        " client that follows redirects needs no change. Keep `survivor` as the contact's id from now on; the old id"
        " goes on answering like this for ever."
    ),
    "contact-not-found": (
        "Check the id, the lookup key's value or the device, and that the contact is in this database. Lookup keys are"
        " compared exactly: case counts. To create the contact where there is none, use"
        " `PATCH /databases/{databaseId}/contactbylookupkey`."
    ),
    "cursor-invalid": "Send `next` of the page before as `after`, unchanged, or leave `after` out to begin anew.",
    "database-keyed": (
        "Use a flexible database: whether one is keyed is decided when it is created (`POST /v1/databases`) and can't"
        " be changed later."
    ),
    "database-not-found": (
        "Check `databaseId`. A database that your token does not reach answers the same, so that nobody can probe for"
        " those of others: `GET /v1/databases` lists the ones it does reach."
    ),
    "deadline-ahead": (
        "A run was told that its time is up before the deadline of its merge had passed, so it goes on waiting and"
        " nothing was changed. If Temporal's clock and PostgreSQL's agree at your place, somebody else can write to"
        " Temporal."
    ),
    "decision-late": (
        "The request ended as `expired` and nothing was changed: a deadline never approves. Whoever wants the merge"
        " asks for it again; the database's policy says how long a decision may take."
    ),
    "decision-not-found": (
        "A run was sent a decision that nobody stored, so it goes on waiting and nothing was changed. Decide through"
        " the API or the command line. If nobody at your place sent this, somebody else can write to Temporal."
    ),
    "decision-required": (
        "The database's policy has a person decide on this merge, and nobody has. `GET /v1/merges/{mergeId}` shows the"
        " plan that waits. Nothing was changed."
    ),
    "destination-invalid": (
        "For PUSH, send `MUID|channelId`: exactly one bar, and on either side of it 1 to 255 visible ASCII characters."
        " For SMS, send 8 to 15 digits, with or without a leading plus. In a URL, encode once: the bar is `%7C`, a"
        " slash `%2F`, a question mark `%3F`, a hash `%23`. In the body of `POST /v1/merges` nothing needs encoding."
    ),
    "device-busy": (
        "Wait as long as `Retry-After` says and send the same request again. A merge happens once, however often it is"
        " asked for, so repeating is safe."
    ),
    "device-not-found": (
        "Register the device first, with `PATCH /databases/{databaseId}/contactbychannel`; then give it its identity."
        " If you believe that it is registered, compare the whole address: qualifier, MUID and channel id belong"
        " together, and halves of two known devices are no device. Nothing was changed."
    ),
    "digest-missing": (
        "Read the plan with `GET /v1/merges/{mergeId}` and send its `digest` as `If-Match`, in double quotes: you"
        " decide on what you saw, and on nothing else."
    ),
    "digest-unknown": (
        "Send the digest whole, as `GET /v1/merges/{mergeId}` shows it under `plan` and in its ETag. The merge waits as"
        " before."
    ),
    "email-invalid": "Send one plain address such as `name@example.com`. `null` clears it, leaving it out keeps it.",
    "filter-invalid": (
        "Write `?filter=lookupkeyfields=userId=777374`. More pairs follow after a semicolon, and all of them must name"
        " the same contact. A semicolon in a value is sent twice. Percent-encode names and values."
    ),
    "form-foreign": (
        "Open the page on this service itself and send the form from there. If you did, a proxy may change the host:"
        " it has to pass `Host` on as the browser sent it."
    ),
    "form-stale": "Go back, load the page again, look at what it shows now, and send the form from there.",
    "identity-blocked": (
        "The value is one that systems write where they know nobody, such as `unknown` or zeros; given to a contact, it"
        " would make one person of many. Send no identity until you know whose device it is. If it is a real"
        " person's, an admin can take it off the list: `onefold policy set DATABASE --unblock VALUE`. Zeros stay"
        " blocked. Nothing was changed."
    ),
    "identity-in-use": (
        "Nothing was changed: writing a contact never merges it. If both contacts are the same person, see what a merge"
        " would do with `POST /v1/merges/preview`, then ask for it with `POST /v1/merges`. If they are not, one of the"
        " two holds a wrong value."
    ),
    "identity-invalid": (
        "Send 1 to 255 characters, none of them a control or invisible character, and no space at either end. Values"
        " are compared exactly: case counts."
    ),
    "internal-error": (
        "This is a fault of the service. Send the same request again: a merge happens once, however often it is asked"
        " for. If it fails again, tell whoever runs this service at what time; the log names the error."
    ),
    "lookup-key-inactive": (
        "`GET /databases/{databaseId}/lookupkeys` lists the lookup keys with their status; names are exact."
        " `PUT /databases/{databaseId}/lookupkeys/{field}` makes a column one. It stays `CREATE_PENDING` while contacts"
        " share a value, and its answer says how many do."
    ),
    "lookup-key-not-found": (
        "`GET /databases/{databaseId}/lookupkeys` lists the lookup keys; names are exact: case and inner"
        " spaces count. `PUT /databases/{databaseId}/lookupkeys/{field}` makes a column one."
    ),
    "lookup-keys-disagree": (
        "The pairs belong to more than one contact, so it is not clear which you mean. Send one pair alone. If the"
        " contacts are the same person, merge them first: `POST /v1/merges/preview` shows what that would do."
    ),
    "merge-blocked": (
        "Give the column that `detail` names a value on one of the contacts"
        " (`PATCH /databases/{databaseId}/contacts/{contactId}`), then send the request again. Repeating it unchanged"
        " can't succeed. `POST /v1/merges/preview` lists such columns as `blockers` before anything is tried."
    ),
    "merge-claimed": ("`GET /v1/merges/{mergeId}` shows who has claimed it. Ask them to decide or to release it."),
    "merge-expired": (
        "Nobody decided before the deadline. If the merge is still wanted, send the request again: it is planned anew"
        " and gets a deadline of its own."
    ),
    "merge-not-found": (
        "A merge's id is `mergeId` in the answer to its request, a 404 included; `GET /v1/merges` lists them. One in"
        " a database that your token does not reach answers the same."
    ),
    "merge-not-pending": (
        "`GET /v1/merges/{mergeId}` shows where it stands: only in `pending_approval` can it be claimed, decided or"
        " withdrawn."
    ),
    "merge-pending": (
        "The device waits for a decision on another identity, or on the same one with other options;"
        " `GET /v1/merges/{mergeId}` shows which. Wait for it to end, or have whoever asked withdraw it. Then send this"
        " request again."
    ),
    "merge-rejected": (
        "`GET /v1/merges/{mergeId}` shows who rejected it and why. If the reason no longer holds, send the request"
        " again: it is a new one, for a person to decide on."
    ),
    "merge-withdrawn": (
        "Whoever had asked for it took it back. If the merge is wanted after all, send the request again."
    ),
    "method-not-allowed": "The `Allow` header names the methods that this path takes.",
    "name-taken": "Choose another name, or use what has this one; `GET /v1/databases/{databaseId}` shows it.",
    "not-found": (
        "No route has this path: compare it with the API reference. A slash inside a value must be sent as `%2F`."
    ),
    "not-requester": (
        "A request is withdrawn with the token that made it, or with another of the person who owns that token or"
        " answers for its service. A specialist who does not want the merge rejects it."
    ),
    "not-same-person": (
        "Somebody saw both contacts and said that they are two people, so the request was not even put to a"
        " specialist. If that was wrong, a specialist of the database can lift it, with"
        " `onefold kept-apart lift` or `DELETE /v1/databases/{databaseId}/kept-apart/{pairId}`; then send the request"
        " again. Nothing was changed."
    ),
    "own-account": (
        "Ask another admin to change your roles or your account. Where there is none, whoever runs this service can,"
        " with `onefold user role`. Nothing was changed."
    ),
    "own-request": (
        "You asked for this merge, joined the request, or answer for the service that did. Have another specialist of"
        " the database decide."
    ),
    "pair-not-found": (
        "`GET /v1/databases/{databaseId}/kept-apart` lists the pairs that stand. One that is not among them was lifted"
        " before, or is another database's."
    ),
    "person-not-found": (
        "Check the address; upper and lower case are the same. `onefold user list` shows everybody, and"
        " `onefold user add` adds a person."
    ),
    "person-required": (
        "Use a personal token, made with `onefold token create --person`, of somebody who has the role that this needs."
        " A service's token can't be given the right to decide or to change a policy, whatever its scopes."
    ),
    "password-weak": "Choose one of 12 to 256 characters; a sentence that only you would say is good.",
    "plan-stale": (
        "A contact or the device changed after you read the plan. `revision` and `digest` are those of the plan that"
        " stands now, and `GET /v1/merges/{mergeId}` shows it. Read it, and decide on that one."
    ),
    "policy-invalid": (
        "`detail` names the member and its fault. `GET /v1/databases/{databaseId}/policy` shows what stands; a change"
        " is judged together with the members that it leaves as they are. Nothing was changed."
    ),
    "policy-stale": (
        "Somebody changed the policy after you read it. `GET /v1/databases/{databaseId}/policy` shows it, and its"
        " `ETag`: look whether your change still fits, and send it with that `ETag` as `If-Match`."
    ),
    "qualifier-unknown": (
        "`GET /v1/databases/{databaseId}` lists `appKeys` (PUSH) and `smsCampaigns` (SMS); names are exact. Add one"
        " with `POST /v1/databases/{databaseId}/appkeys` or `/campaigns`."
    ),
    "reason-missing": (
        "Send `reason` with the rejection: whoever asked, and whoever audits it later, wants to know why. Nothing was"
        " decided."
    ),
    "receipt-unknown": (
        "Compare all three members with the answer that carried it, number for number. If they are the same, the record"
        " is not what it was when you were given the receipt: keep it, and tell an auditor, whom `onefold audit verify`"
        " tells what differs."
    ),
    "request-invalid": (
        "`errors` lists every fault with the place where it is. Fields that an operation does not know are refused too:"
        " a misspelt flag must not be taken for its default."
    ),
    "required-column-empty": (
        "Send a value for the column that `detail` names. Columns and their `required` flags are in"
        " `GET /v1/databases/{databaseId}`. For a merge, one of its contacts must have the value."
    ),
    "role-missing": (
        "Whoever runs this service gives roles with `onefold user role`, for one database or for all, and"
        " `onefold user list` shows who has which. It is asked again at the moment of the merge: a decision does not"
        " outlive the role that it was made with."
    ),
    "scope-missing": (
        "`detail` names the scope. A service needs a token that has it and, to request merges, a person who answers for"
        " it; whoever runs Onefold makes one with `onefold token create`. What a person may do follows from their roles"
        " in the database: `onefold user role` gives one."
    ),
    "searches-many": (
        "Search by an id, or wait. Whose role masks values has sixty searches an hour, each on record: a hit tells that"
        " a value is there. A specialist of the database sees values and searches without a limit."
    ),
    "service-unavailable": (
        "Wait as long as `Retry-After` says and send the same request again; a merge happens once, however often it is"
        " asked for. If it lasts, `/readyz` names the part that does not answer."
    ),
    "sign-in-blocked": (
        "Wait a minute. Five wrong passwords in a row make a pause, and each further one makes another; an admin can"
        " set a new password with `onefold user password`."
    ),
    "sign-in-failed": (
        "Check the address, and whether the keyboard writes what you mean. The answer is the same for an unknown"
        " address, a wrong password and a person who was disabled; an admin can tell which it is."
    ),
    "unauthenticated": (
        "Send `Authorization: Bearer` and a token. If you did, it is misspelt, has expired or was revoked, or the"
        " person whose it is was disabled: `onefold token list` and `onefold user list` show which, and `onefold token"
        " create` makes a new one."
    ),
    "value-invalid": (
        "`detail` names the field and its fault. `null` clears a field, and leaving it out keeps it; an empty text is a"
        " value for text columns only."
    ),
}

ADVICE_BY_CLASS = {
    4: "Read `detail`, correct the request and send it again.",
    5: "The service or something before it failed. Wait a little and send the same request again.",
}
