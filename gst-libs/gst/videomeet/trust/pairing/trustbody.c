/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/trustbody.h"
#include "base/base64.h"
#include "trust/keys/vmidentity-priv.h"
#include "wire/deviceinfo.h"
#include "base/json/json.h"

#include <string.h>

#define CODE_MAX 64 /* bytes of an error's code */
#define MESSAGE_MAX 512 /* and of what it says */
#define BASE64_MAX 128 /* characters; a key has 124 */
#define EXPIRES_IN_MAX (VM_TRUST_REQUEST_TIME / G_USEC_PER_SEC)

enum
{
  DEVICE_ID = 1 << 0,
  PUB_KEY = 1 << 1,
  NAME = 1 << 2,
  COMMIT = 1 << 3,
  REQUEST_ID = 1 << 4,
  NONCE = 1 << 5,
  SIGNATURE = 1 << 6,
  TOKEN = 1 << 7,
  EXPIRES_IN = 1 << 8,
  STATUS = 1 << 9,
};

/* What each body has; `inside`: the member whose object holds it all. */
static const struct
{
  guint needed;
  guint optional;
  const gchar *inside;
} forms[] = {
  [VM_TRUST_BODY_REQUEST] = { DEVICE_ID | PUB_KEY | NAME | COMMIT },
  [VM_TRUST_BODY_OFFER] = { REQUEST_ID | PUB_KEY | NONCE, NAME | EXPIRES_IN },
  [VM_TRUST_BODY_REVEAL] = { REQUEST_ID | NONCE },
  [VM_TRUST_BODY_PENDING] = { STATUS },
  [VM_TRUST_BODY_CHALLENGE] = { NONCE | SIGNATURE, 0, "challenge" },
  [VM_TRUST_BODY_PROOF] = { REQUEST_ID | SIGNATURE },
  [VM_TRUST_BODY_TOKEN] = { TOKEN },
};

static const gchar pending[] = "pending";

void
vm_trust_body_clear (VmTrustBody *body)
{
  g_clear_pointer (&body->device_id, g_free);
  g_clear_pointer (&body->spki, g_bytes_unref);
  g_clear_pointer (&body->name, g_free);
  g_clear_pointer (&body->request_id, g_free);
  g_clear_pointer (&body->token, g_free);
}

static gboolean
bad (GError **error, const gchar *key)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The field \"%s\" is missing or not what it must be", key);
  return FALSE;
}

typedef struct
{
  VmJson json;
  VmJsonNode object;
  guint needed;
  guint present; /* needed or optional */
} Reader;

/* TRUE with @text NULL when the body may be without it, and is. */
static gboolean
read_text (Reader *r, guint field, const gchar *key, gsize max, gchar **text,
    GError **error)
{
  if (!(r->present & field))
    return TRUE;
  if (!vm_json_get_string (&r->json, r->object, key, max, text, error))
    return FALSE;
  return *text || !(r->needed & field) || bad (error, key);
}

static gboolean
read_bytes (Reader *r, guint field, const gchar *key, guint8 *data, gsize size,
    GError **error)
{
  g_autofree gchar *text = NULL;

  if (!read_text (r, field, key, BASE64_MAX, &text, error))
    return FALSE;
  return !text || vm_base64_read (text, data, size) || bad (error, key);
}

static gboolean
read_key (Reader *r, VmTrustBody *body, GError **error)
{
  guint8 data[VM_SPKI_SIZE] = { 0 };
  g_autoptr (EVP_PKEY) key = NULL;
  g_autofree gchar *id = NULL;

  if (!(r->present & PUB_KEY))
    return TRUE;
  if (!read_bytes (r, PUB_KEY, "pubKey", data, sizeof data, error))
    return FALSE;
  body->spki = g_bytes_new (data, sizeof data);
  key = vm_spki_to_key (body->spki, NULL);
  if (!key)
    return bad (error, "pubKey");
  id = vm_spki_to_device_id (body->spki);
  if (body->device_id && strcmp (body->device_id, id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The request names the device %s with the key of %s", body->device_id,
        id);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_names (Reader *r, VmTrustBody *body, GError **error)
{
  guint8 id[VM_TRUST_REQUEST_ID_SIZE];

  if (!read_text (r, DEVICE_ID, "deviceId", VM_DEVICE_ID_LENGTH,
          &body->device_id, error)
      || !read_text (r, NAME, "name", VM_DEVICE_TEXT_MAX, &body->name, error)
      || !read_text (r, REQUEST_ID, "requestId", VM_TRUST_REQUEST_ID_LENGTH,
          &body->request_id, error))
    return FALSE;
  if (body->device_id && !vm_device_id_is_valid (body->device_id))
    return bad (error, "deviceId");
  if (body->name
      && (!*body->name || !vm_text_is_label (body->name, VM_DEVICE_TEXT_MAX)))
    return bad (error, "name");
  /* it becomes part of a path */
  if (body->request_id && !vm_base64url_read (body->request_id, id, sizeof id))
    return bad (error, "requestId");
  return TRUE;
}

static gboolean
read_status (Reader *r, GError **error)
{
  g_autofree gchar *status = NULL;

  if (!read_text (r, STATUS, "status", sizeof pending, &status, error))
    return FALSE;
  return !status || strcmp (status, pending) == 0 || bad (error, "status");
}

static gboolean
read_all (Reader *r, VmTrustBody *body, GError **error)
{
  return read_names (r, body, error) && read_key (r, body, error)
         && read_status (r, error)
         && read_bytes (
             r, COMMIT, "commit", body->commit, sizeof body->commit, error)
         && read_bytes (
             r, NONCE, "nonce", body->nonce, sizeof body->nonce, error)
         && read_bytes (r, SIGNATURE, "signature", body->signature,
             sizeof body->signature, error)
         && read_text (r, TOKEN, "token", VM_TOKEN_PEM_MAX, &body->token, error)
         && (!(r->present & EXPIRES_IN)
             || vm_json_get_int (&r->json, r->object, "expiresIn", 1,
                 EXPIRES_IN_MAX, &body->expires_in, error));
}

gboolean
vm_trust_body_read (VmTrustBody *body, VmTrustBodyType type, const gchar *data,
    gsize size, GError **error)
{
  Reader r = { .needed = forms[type].needed,
    .present = forms[type].needed | forms[type].optional };

  if (size > VM_TRUST_BODY_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A message of the trust handshake has more than %d bytes",
        VM_TRUST_BODY_MAX);
    return FALSE;
  }
  if (!vm_json_read (&r.json, data ? data : "", size, error))
    return FALSE;
  if (forms[type].inside)
    r.object = vm_json_get (&r.json, 0, forms[type].inside);
  body->expires_in = EXPIRES_IN_MAX;
  return read_all (&r, body, error);
}

static void
append_bytes (GString *out, const gchar *key, const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_base64_encode (data, size);

  vm_json_append_member (out, key, text);
}

gchar *
vm_trust_body_write (const VmTrustBody *body, VmTrustBodyType type)
{
  guint fields = forms[type].needed | forms[type].optional;
  GString *out = g_string_new ("{");

  if (forms[type].inside) {
    vm_json_append_key (out, forms[type].inside);
    g_string_append_c (out, '{');
  }
  if (fields & REQUEST_ID)
    vm_json_append_member (out, "requestId", body->request_id);
  if (fields & DEVICE_ID)
    vm_json_append_member (out, "deviceId", body->device_id);
  if (fields & PUB_KEY)
    append_bytes (
        out, "pubKey", g_bytes_get_data (body->spki, NULL), VM_SPKI_SIZE);
  if (fields & NAME)
    vm_json_append_member (out, "name", body->name);
  if (fields & COMMIT)
    append_bytes (out, "commit", body->commit, sizeof body->commit);
  if (fields & NONCE)
    append_bytes (out, "nonce", body->nonce, sizeof body->nonce);
  if (fields & SIGNATURE)
    append_bytes (out, "signature", body->signature, sizeof body->signature);
  if (fields & TOKEN)
    vm_json_append_member (out, "token", body->token);
  if (fields & EXPIRES_IN)
    vm_json_append_int (out, "expiresIn", body->expires_in);
  if (fields & STATUS)
    vm_json_append_member (out, "status", pending);
  g_string_append (out, forms[type].inside ? "}}" : "}");
  return g_string_free (out, FALSE);
}

gchar *
vm_trust_refusal_write (const GError *error)
{
  GString *out = g_string_new ("{\"error\":{");
  g_autofree gchar *message = vm_text_to_name (error->message, MESSAGE_MAX);

  vm_json_append_member (out, "code", vm_error_get_code (error));
  vm_json_append_member (out, "message", message);
  g_string_append (out, "}}");
  return g_string_free (out, FALSE);
}

GError *
vm_trust_refusal_read (guint status, const gchar *data, gsize size)
{
  g_autofree gchar *code = NULL;
  g_autofree gchar *message = NULL;
  VmError error = VM_ERROR_FAILED;
  VmJson json;

  if (size <= VM_TRUST_BODY_MAX
      && vm_json_read (&json, data ? data : "", size, NULL)) {
    VmJsonNode node = vm_json_get (&json, 0, "error");

    vm_json_get_string (&json, node, "code", CODE_MAX, &code, NULL);
    vm_json_get_string (&json, node, "message", MESSAGE_MAX, &message, NULL);
  }
  vm_error_from_code (code, &error);
  if (message && *message && vm_text_is_name (message, MESSAGE_MAX))
    return g_error_new (VM_ERROR, error, "The other device says: %s", message);
  return g_error_new (VM_ERROR, error, "The other device answered %u", status);
}
