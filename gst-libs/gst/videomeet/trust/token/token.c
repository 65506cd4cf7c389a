/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/token/token.h"

#include "base/json/json.h"

#include <string.h>
#include <time.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"
#define PEM_LINE 64 /* characters, RFC 7468 §2 */
#define LAST_SECOND G_GINT64_CONSTANT (253402300799) /* of the year 9999 */
#define VERSION_3 2 /* as X.509 counts */

typedef struct
{
  ASN1_BIT_STRING *permissions;
  ASN1_UTF8STRING *meeting;
} VmCapability;

ASN1_SEQUENCE (VmCapability) = {
  ASN1_SIMPLE (VmCapability, permissions, ASN1_BIT_STRING),
  ASN1_OPT (VmCapability, meeting, ASN1_UTF8STRING),
} static_ASN1_SEQUENCE_END (VmCapability)

static void
vm_capability_free (VmCapability *capability)
{
  ASN1_item_free ((ASN1_VALUE *) capability, ASN1_ITEM_rptr (VmCapability));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCapability, vm_capability_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OBJECT, ASN1_OBJECT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)

VmToken *
vm_token_ref (VmToken *token)
{
  g_atomic_int_inc (&token->ref_count);
  return token;
}

void
vm_token_unref (VmToken *token)
{
  if (!g_atomic_int_dec_and_test (&token->ref_count))
    return;
  g_free (token->subject_id);
  g_free (token->issuer_id);
  g_clear_pointer (&token->subject_spki, g_bytes_unref);
  g_free (token->meeting_id);
  g_clear_pointer (&token->der, g_bytes_unref);
  g_free (token);
}

static gpointer
set_bad (GError **error, const gchar *why)
{
  ERR_clear_error ();
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The token cannot be read: %s", why);
  return NULL;
}

/* Reading */

static gboolean
read_time (const ASN1_TIME *time, gint64 *seconds)
{
  struct tm tm;

  if (ASN1_TIME_to_tm (time, &tm) != 1)
    return FALSE;
  *seconds = timegm (&tm);
  return TRUE;
}

/* The device id that is all of @name, or NULL. */
static gchar *
read_id (const X509_NAME *name)
{
  const X509_NAME_ENTRY *entry = X509_NAME_get_entry (name, 0);
  const ASN1_STRING *value;
  g_autofree gchar *id = NULL;

  if (X509_NAME_entry_count (name) != 1
      || OBJ_obj2nid (X509_NAME_ENTRY_get_object (entry)) != NID_commonName)
    return NULL;
  value = X509_NAME_ENTRY_get_data (entry);
  if (ASN1_STRING_length (value) != VM_DEVICE_ID_LENGTH)
    return NULL;
  id = g_strndup (
      (const gchar *) ASN1_STRING_get0_data (value), VM_DEVICE_ID_LENGTH);
  return vm_device_id_is_valid (id) ? g_steal_pointer (&id) : NULL;
}

/* Named bits count from the first of the string (X.680 §22.2). */
static VmPermissions
read_permissions (const ASN1_BIT_STRING *bits)
{
  VmPermissions permissions = VM_PERMISSIONS_NONE;

  for (guint i = 0; VM_PERMISSIONS_ALL >> i; i++)
    if (ASN1_BIT_STRING_get_bit (bits, i))
      permissions |= 1 << i;
  return permissions;
}

static gboolean
is_meeting (const gchar *id)
{
  return *id && vm_text_is_name (id, VM_TOKEN_MEETING_MAX);
}

static gboolean
capability_is_canonical (
    const VmCapability *capability, const guint8 *data, gsize size)
{
  guint8 *again = NULL;
  gint again_size = ASN1_item_i2d (
      (const ASN1_VALUE *) capability, &again, ASN1_ITEM_rptr (VmCapability));
  gboolean same = again_size >= 0 && (gsize) again_size == size
                  && memcmp (again, data, size) == 0;

  OPENSSL_free (again);
  return same;
}

static gboolean
read_meeting (VmToken *token, const ASN1_UTF8STRING *meeting)
{
  gsize size = ASN1_STRING_length (meeting);

  token->meeting_id =
      g_strndup ((const gchar *) ASN1_STRING_get0_data (meeting), size);
  return strlen (token->meeting_id) == size && is_meeting (token->meeting_id)
         && !(token->permissions & ~VM_TOKEN_GUEST_PERMISSIONS);
}

static gboolean
read_capability (VmToken *token, X509_EXTENSION *extension)
{
  const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data (extension);
  const guint8 *data = ASN1_STRING_get0_data (value);
  gsize size = ASN1_STRING_length (value);
  const guint8 *p = data;
  g_autoptr (VmCapability) capability = (VmCapability *) ASN1_item_d2i (
      NULL, &p, size, ASN1_ITEM_rptr (VmCapability));

  if (!capability || !capability_is_canonical (capability, data, size))
    return FALSE;
  token->permissions = read_permissions (capability->permissions);
  return !capability->meeting || read_meeting (token, capability->meeting);
}

static gboolean
read_extensions (VmToken *token, X509 *x509, GError **error)
{
  g_autoptr (ASN1_OBJECT) own = OBJ_txt2obj (VM_TOKEN_OID, 1);
  gboolean found = FALSE;

  for (gint i = 0; i < X509_get_ext_count (x509); i++) {
    X509_EXTENSION *extension = X509_get_ext (x509, i);
    const ASN1_OBJECT *oid = X509_EXTENSION_get_object (extension);
    gboolean critical = X509_EXTENSION_get_critical (extension);

    if (X509_get_ext_by_OBJ (x509, oid, i) >= 0)
      return set_bad (error, "an extension is there twice") != NULL;
    if (OBJ_cmp (oid, own) != 0) {
      if (critical)
        return set_bad (error, "a critical extension is unknown") != NULL;
      continue;
    }
    if (!critical || !read_capability (token, extension))
      return set_bad (error, "its permissions are malformed") != NULL;
    found = TRUE;
  }
  if (!found)
    return set_bad (error, "it has no permissions") != NULL;
  return TRUE;
}

static gboolean
read_names_and_key (VmToken *token, X509 *x509, GError **error)
{
  g_autofree gchar *id = NULL;
  EVP_PKEY *key = X509_get0_pubkey (x509);

  token->subject_id = read_id (X509_get_subject_name (x509));
  token->issuer_id = read_id (X509_get_issuer_name (x509));
  if (!token->subject_id || !token->issuer_id)
    return set_bad (error, "a name is not a device id") != NULL;
  if (key) {
    token->subject_spki = vm_spki_from_key (key, error);
    if (!token->subject_spki)
      return FALSE;
    id = vm_spki_to_device_id (token->subject_spki);
  }
  if (g_strcmp0 (id, token->subject_id) == 0)
    return TRUE;
  ERR_clear_error ();
  g_set_error_literal (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "The token's key is not the one of its device id");
  return FALSE;
}

/* One certificate has one spelling: what was read, written anew, is the
 * same. */
static gboolean
is_canonical (X509 *x509, const guint8 *data, gsize size)
{
  guint8 *again = NULL;
  gint again_size;
  gboolean same;

  i2d_re_X509_tbs (x509, NULL);
  again_size = i2d_X509 (x509, &again);
  same = again_size >= 0 && (gsize) again_size == size
         && memcmp (again, data, size) == 0;
  OPENSSL_free (again);
  return same;
}

VmToken *
vm_token_from_der (gconstpointer data, gsize size, GError **error)
{
  g_autoptr (VmToken) token = g_new0 (VmToken, 1);
  g_autoptr (X509) x509 = NULL;
  const guint8 *p = data;

  token->ref_count = 1;
  if (size > VM_TOKEN_DER_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A token has at most %d bytes", VM_TOKEN_DER_MAX);
    return NULL;
  }
  x509 = d2i_X509 (NULL, &p, size);
  if (!x509 || p != (const guint8 *) data + size)
    return set_bad (error, "it is not one X.509 certificate");
  if (!is_canonical (x509, data, size))
    return set_bad (error, "it is not DER");
  if (X509_get_version (x509) != VERSION_3
      || X509_get_signature_nid (x509) != NID_ecdsa_with_SHA256)
    return set_bad (error, "it is not X.509 v3 with ECDSA and SHA-256");
  if (!read_time (X509_get0_notBefore (x509), &token->not_before)
      || !read_time (X509_get0_notAfter (x509), &token->not_after))
    return set_bad (error, "a date is malformed");
  if (!read_names_and_key (token, x509, error)
      || !read_extensions (token, x509, error))
    return NULL;
  ERR_clear_error ();
  token->der = g_bytes_new (data, size);
  return g_steal_pointer (&token);
}

VmToken *
vm_token_from_pem (const gchar *text, gssize size, GError **error)
{
  g_autofree gchar *body = NULL;
  g_autofree gchar *again = NULL;
  g_autofree guint8 *der = NULL;
  gsize length = size < 0 ? strnlen (text, VM_TOKEN_PEM_MAX + 1) : (gsize) size;
  gsize der_size, n = 0;

  if (length > VM_TOKEN_PEM_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A token has at most %d bytes of PEM", VM_TOKEN_PEM_MAX);
    return NULL;
  }
  body = g_strndup (text, length);
  g_strstrip (body);
  length = strlen (body);
  if (!g_str_has_prefix (body, PEM_BEGIN) || !g_str_has_suffix (body, PEM_END)
      || length < strlen (PEM_BEGIN) + strlen (PEM_END))
    return set_bad (error, "it is not PEM");
  length -= strlen (PEM_END);
  for (gsize i = strlen (PEM_BEGIN); i < length; i++)
    if (!g_ascii_isspace (body[i]))
      body[n++] = body[i];
  body[n] = '\0';
  der = g_base64_decode (body, &der_size);
  again = g_base64_encode (der, der_size);
  /* which also refuses what GLib's reader passes over */
  if (strcmp (again, body) != 0)
    return set_bad (error, "it is not base64");
  return vm_token_from_der (der, der_size, error);
}

gboolean
vm_token_verify (VmToken *token, GBytes *issuer, gint64 now, GError **error)
{
  g_autoptr (EVP_PKEY) key = vm_spki_to_key (issuer, error);
  g_autoptr (X509) x509 = NULL;
  g_autofree gchar *id = NULL;
  gsize size;
  const guint8 *p = g_bytes_get_data (token->der, &size);
  gboolean good;

  if (!key)
    return FALSE;
  id = vm_spki_to_device_id (issuer);
  if (strcmp (id, token->issuer_id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The token is from %s, not from %s", token->issuer_id, id);
    return FALSE;
  }
  x509 = d2i_X509 (NULL, &p, size);
  good = x509 && X509_verify (x509, key) == 1;
  ERR_clear_error ();
  if (!good)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The token's signature is wrong");
  else if (now < token->not_before)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The token is not good yet; is the clock right?");
  else if (now > token->not_after)
    g_set_error_literal (
        error, VM_ERROR, VM_ERROR_NOT_TRUSTED, "The token has expired");
  else
    return TRUE;
  return FALSE;
}

/* Writing */

static gboolean
set_name (X509_NAME *name, const gchar *id)
{
  return X509_NAME_add_entry_by_NID (
      name, NID_commonName, MBSTRING_ASC, (const guint8 *) id, -1, -1, 0);
}

static gboolean
add_capability (X509 *x509, VmPermissions permissions, const gchar *meeting_id)
{
  g_autoptr (VmCapability) capability =
      (VmCapability *) ASN1_item_new (ASN1_ITEM_rptr (VmCapability));
  g_autoptr (ASN1_OBJECT) oid = OBJ_txt2obj (VM_TOKEN_OID, 1);
  g_autoptr (ASN1_OCTET_STRING) value = NULL;
  g_autoptr (X509_EXTENSION) extension = NULL;

  if (!capability || !oid)
    return FALSE;
  for (guint i = 0; VM_PERMISSIONS_ALL >> i; i++)
    if (permissions & 1 << i
        && !ASN1_BIT_STRING_set_bit (capability->permissions, i, 1))
      return FALSE;
  if (meeting_id) {
    capability->meeting = ASN1_UTF8STRING_new ();
    if (!capability->meeting
        || !ASN1_STRING_set (capability->meeting, meeting_id, -1))
      return FALSE;
  }
  value = ASN1_item_pack (capability, ASN1_ITEM_rptr (VmCapability), NULL);
  if (value)
    extension = X509_EXTENSION_create_by_OBJ (NULL, oid, TRUE, value);
  return extension && X509_add_ext (x509, extension, -1);
}

static X509 *
make (VmIdentity *issuer, GBytes *subject, EVP_PKEY *key,
    VmPermissions permissions, const gchar *meeting_id, gint64 now,
    gint64 not_after)
{
  g_autoptr (X509) x509 = X509_new ();
  g_autofree gchar *id = vm_spki_to_device_id (subject);
  guint64 serial = 0;

  if (!x509 || RAND_bytes ((guint8 *) &serial, sizeof serial) != 1)
    return NULL;
  if (!X509_set_version (x509, VERSION_3)
      || !ASN1_INTEGER_set_uint64 (X509_get_serialNumber (x509), serial >> 1)
      || !ASN1_TIME_set (X509_getm_notBefore (x509), now - VM_TOKEN_EARLY)
      || !ASN1_TIME_set (X509_getm_notAfter (x509), not_after)
      || !X509_set_pubkey (x509, key)
      || !set_name (X509_get_subject_name (x509), id)
      || !set_name (
          X509_get_issuer_name (x509), vm_identity_get_device_id (issuer))
      || !add_capability (x509, permissions, meeting_id)
      || !X509_sign (x509, vm_identity_get_key (issuer), EVP_sha256 ()))
    return NULL;
  return g_steal_pointer (&x509);
}

static gboolean
can_issue (VmPermissions permissions, const gchar *meeting_id, gint64 now,
    gint64 not_after, GError **error)
{
  const gchar *why = NULL;

  if (!permissions || permissions & ~VM_PERMISSIONS_ALL)
    why = "A token needs a permission";
  else if (meeting_id && permissions & ~VM_TOKEN_GUEST_PERMISSIONS)
    why = "A guest may not be given that much";
  else if (meeting_id && !is_meeting (meeting_id))
    why = "The meeting's id has a wrong form";
  else if (now < VM_TOKEN_EARLY || not_after <= now || not_after > LAST_SECOND)
    why = "A token must expire later than now";
  if (why)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, why);
  return !why;
}

VmToken *
vm_token_issue (VmIdentity *issuer, GBytes *subject, VmPermissions permissions,
    const gchar *meeting_id, gint64 now, gint64 not_after, GError **error)
{
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (X509) x509 = NULL;
  guint8 *der = NULL;
  gint size = -1;
  VmToken *token = NULL;

  if (!can_issue (permissions, meeting_id, now, not_after, error)
      || !(key = vm_spki_to_key (subject, error)))
    return NULL;
  if (g_bytes_equal (subject, vm_identity_get_spki (issuer))) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "A device needs no token from itself");
    return NULL;
  }
  x509 = make (issuer, subject, key, permissions, meeting_id, now, not_after);
  if (x509)
    size = i2d_X509 (x509, &der);
  ERR_clear_error ();
  if (size > 0)
    token = vm_token_from_der (der, size, error);
  else
    g_set_error_literal (
        error, VM_ERROR, VM_ERROR_FAILED, "The token could not be made");
  OPENSSL_free (der);
  return token;
}

gchar *
vm_token_to_pem (VmToken *token)
{
  gsize size;
  gconstpointer der = g_bytes_get_data (token->der, &size);
  g_autofree gchar *body = g_base64_encode (der, size);
  GString *pem = g_string_new (PEM_BEGIN "\n");

  for (gsize i = 0; i < strlen (body); i += PEM_LINE)
    g_string_append_printf (pem, "%.*s\n", PEM_LINE, body + i);
  return g_string_free (g_string_append (pem, PEM_END "\n"), FALSE);
}
