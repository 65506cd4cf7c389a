/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/trust/token/token.h>
#include <gst/videomeet/videomeet.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define NOW G_GINT64_CONSTANT (1800000000)
#define DAY (24 * 3600)

/* of the extension: permissions, meeting */
#define CALL "\x30\x04\x03\x02\x07\x80"
#define NO_PERMISSION "\x30\x03\x03\x01\x00"
#define CALL_AND_ONE_OF_LATER "\x30\x05\x03\x03\x00\x80\x01"
#define CALL_OF_M "\x30\x07\x03\x02\x07\x80\x0c\x01M"
#define INTRODUCER_OF_M "\x30\x07\x03\x02\x02\x04\x0c\x01M"
#define EMPTY_MEETING "\x30\x06\x03\x02\x07\x80\x0c\x00"
#define NUL_IN_MEETING "\x30\x08\x03\x02\x07\x80\x0c\x02M\x00"
#define LATIN1_MEETING "\x30\x07\x03\x02\x07\x80\x0c\x01\xe9"

static gchar *folder;
static VmIdentity *ann, *bob, *eve;

static VmIdentity *
identity (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  return vm_identity_load (path, NULL);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-token-XXXXXX", NULL);
  ann = identity ("ann");
  bob = identity ("bob");
  eve = identity ("eve");
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  g_clear_object (&ann);
  g_clear_object (&bob);
  g_clear_object (&eve);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
}

static VmToken *
issue (VmPermissions permissions, const gchar *meeting)
{
  g_autoptr (GError) error = NULL;
  VmToken *token = vm_token_issue (ann, vm_identity_get_spki (bob), permissions,
      meeting, NOW, NOW + DAY, &error);

  g_assert_no_error (error);
  return token;
}

GST_START_TEST (test_says_what_was_given)
{
  for (guint bits = 1; bits <= VM_PERMISSIONS_ALL; bits++) {
    g_autoptr (VmToken) token = issue (bits, NULL);
    g_autofree gchar *pem = vm_token_to_pem (token);
    g_autoptr (VmToken) again = vm_token_from_pem (pem, -1, NULL);

    fail_unless (again != NULL);
    fail_unless (g_bytes_equal (again->der, token->der));
    fail_unless_equals_int (again->permissions, bits);
    fail_unless_equals_string (
        again->subject_id, vm_identity_get_device_id (bob));
    fail_unless_equals_string (
        again->issuer_id, vm_identity_get_device_id (ann));
    fail_unless (
        g_bytes_equal (again->subject_spki, vm_identity_get_spki (bob)));
    fail_unless (again->meeting_id == NULL);
    fail_unless_equals_int64 (again->not_before, NOW - VM_TOKEN_EARLY);
    fail_unless_equals_int64 (again->not_after, NOW + DAY);
    fail_unless (
        vm_token_verify (again, vm_identity_get_spki (ann), NOW, NULL));
  }
}

GST_END_TEST;

GST_START_TEST (test_of_a_guest)
{
  g_autoptr (VmToken) token = issue (VM_TOKEN_GUEST_PERMISSIONS, "Größe 1");
  g_autoptr (VmToken) again = vm_token_from_der (
      g_bytes_get_data (token->der, NULL), g_bytes_get_size (token->der), NULL);

  fail_unless_equals_string (again->meeting_id, "Größe 1");
  fail_unless_equals_int (again->permissions, VM_TOKEN_GUEST_PERMISSIONS);
}

GST_END_TEST;

GST_START_TEST (test_what_is_not_issued)
{
  g_autofree gchar *most = g_strnfill (VM_TOKEN_MEETING_MAX, 'm');
  g_autofree gchar *above = g_strnfill (VM_TOKEN_MEETING_MAX + 1, 'm');
  const struct
  {
    VmPermissions permissions;
    const gchar *meeting;
    gint64 not_after;
    gboolean good;
  } cases[] = {
    { VM_PERMISSIONS_CALL, NULL, NOW + 1, TRUE },
    { VM_PERMISSIONS_CALL, NULL, NOW, FALSE },
    { VM_PERMISSIONS_CALL, NULL, G_GINT64_CONSTANT (253402300799), TRUE },
    { VM_PERMISSIONS_CALL, NULL, G_GINT64_CONSTANT (253402300800), FALSE },
    { VM_PERMISSIONS_CALL, NULL, G_MAXINT64, FALSE },
    { VM_PERMISSIONS_NONE, NULL, NOW + DAY, FALSE },
    { VM_PERMISSIONS_ALL + 1, NULL, NOW + DAY, FALSE },
    { VM_PERMISSIONS_CALL, most, NOW + DAY, TRUE },
    { VM_PERMISSIONS_CALL, above, NOW + DAY, FALSE },
    { VM_PERMISSIONS_CALL, "", NOW + DAY, FALSE },
    { VM_PERMISSIONS_CALL, "a\nb", NOW + DAY, FALSE },
    { VM_PERMISSIONS_FOLDER, "m", NOW + DAY, FALSE },
    { VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER, "m", NOW + DAY, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmToken) token =
        vm_token_issue (ann, vm_identity_get_spki (bob), cases[i].permissions,
            cases[i].meeting, NOW, cases[i].not_after, &error);

    fail_unless ((token != NULL) == cases[i].good, "case %u", i);
    if (!token)
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

GST_START_TEST (test_not_for_oneself_nor_for_nonsense)
{
  g_autoptr (GBytes) nonsense = g_bytes_new_static ("key", 3);
  g_autoptr (GError) error = NULL;

  fail_if (vm_token_issue (ann, vm_identity_get_spki (ann), VM_PERMISSIONS_CALL,
      NULL, NOW, NOW + 1, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  g_clear_error (&error);
  fail_if (vm_token_issue (
      ann, nonsense, VM_PERMISSIONS_CALL, NULL, NOW, NOW + 1, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

GST_START_TEST (test_good_from_then_to_then)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, NULL);
  const struct
  {
    gint64 now;
    gboolean good;
  } cases[] = {
    { NOW - VM_TOKEN_EARLY - 1, FALSE },
    { NOW - VM_TOKEN_EARLY, TRUE },
    { NOW, TRUE },
    { NOW + DAY, TRUE },
    { NOW + DAY + 1, FALSE },
    { G_MININT64, FALSE },
    { G_MAXINT64, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    gboolean good = vm_token_verify (
        token, vm_identity_get_spki (ann), cases[i].now, &error);

    fail_unless_equals_int (good, cases[i].good);
    if (!good)
      g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  }
}

GST_END_TEST;

GST_START_TEST (test_of_another_issuer)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, NULL);
  g_autoptr (GBytes) nonsense = g_bytes_new_static ("key", 3);
  g_autoptr (GError) error = NULL;

  fail_if (vm_token_verify (token, vm_identity_get_spki (eve), NOW, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  g_clear_error (&error);
  fail_if (vm_token_verify (token, nonsense, NOW, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

/* Certificates that somebody made to deceive: what differs from a good one. */
typedef struct
{
  const gchar *name;
  gint code; /* of vm_token_from_der(), -1: it is read, and verify refuses */
  const gchar *capability; /* CALL */
  gsize capability_size;
  gboolean not_critical;
  gboolean twice;
  gboolean absent;
  gint other_nid; /* another extension */
  const gchar *other;
  const gchar *curve; /* of the subject's key */
  gboolean rsa;
  gboolean compressed;
  gboolean signed_by_eve;
  gboolean subject_of_eve;
  const gchar *subject; /* more of a name */
  const gchar *issuer; /* another name */
  glong version;
  const EVP_MD *(*digest) (void);
} Recipe;

static EVP_PKEY *
recipe_key (const Recipe *recipe)
{
  EVP_PKEY *key;

  if (recipe->rsa)
    return EVP_RSA_gen (2048);
  if (recipe->curve)
    return EVP_EC_gen (recipe->curve);
  key = EVP_PKEY_dup (vm_identity_get_key (bob));
  if (recipe->compressed)
    EVP_PKEY_set_utf8_string_param (key, "point-format", "compressed");
  return key;
}

static void
recipe_extensions (const Recipe *recipe, X509 *x509)
{
  ASN1_OBJECT *oid = OBJ_txt2obj (VM_TOKEN_OID, 1);
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new ();
  X509_EXTENSION *extension;

  if (recipe->capability)
    ASN1_OCTET_STRING_set (
        value, (const guint8 *) recipe->capability, recipe->capability_size);
  else
    ASN1_OCTET_STRING_set (value, (const guint8 *) CALL, sizeof CALL - 1);
  extension =
      X509_EXTENSION_create_by_OBJ (NULL, oid, !recipe->not_critical, value);
  for (gint i = recipe->absent ? 0 : recipe->twice ? 2 : 1; i > 0; i--)
    fail_unless (X509_add_ext (x509, extension, -1));
  X509_EXTENSION_free (extension);
  ASN1_OCTET_STRING_free (value);
  ASN1_OBJECT_free (oid);
  if (recipe->other) {
    extension =
        X509V3_EXT_conf_nid (NULL, NULL, recipe->other_nid, recipe->other);
    fail_unless (extension && X509_add_ext (x509, extension, -1));
    X509_EXTENSION_free (extension);
  }
}

static void
recipe_name (X509_NAME *name, const gchar *text)
{
  fail_unless (X509_NAME_add_entry_by_NID (
      name, NID_commonName, MBSTRING_ASC, (const guint8 *) text, -1, -1, 0));
}

/* Signs it as X509_sign() does, which in OpenSSL 3.5 makes version 3 of
 * whatever has extensions. */
static void
sign (X509 *x509, glong version, EVP_PKEY *key, const EVP_MD *digest)
{
  g_autofree guint8 *signature = g_malloc (EVP_PKEY_get_size (key));
  gsize signature_size = EVP_PKEY_get_size (key);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
  const ASN1_BIT_STRING *old;
  guint8 *signed_part = NULL;
  gint size;

  /* for the algorithm's name */
  fail_unless (X509_sign (x509, key, digest) > 0);
  fail_unless (X509_set_version (x509, version - 1));
  size = i2d_re_X509_tbs (x509, &signed_part);
  fail_unless (size > 0);
  fail_unless (EVP_DigestSignInit (ctx, NULL, digest, NULL, key) == 1);
  fail_unless (
      EVP_DigestSign (ctx, signature, &signature_size, signed_part, size) == 1);
  X509_get0_signature (&old, NULL, x509);
  fail_unless (ASN1_STRING_set (
      (ASN1_BIT_STRING *) old, signature, (int) signature_size));
  OPENSSL_free (signed_part);
  EVP_MD_CTX_free (ctx);
}

static GBytes *
cook (const Recipe *recipe)
{
  X509 *x509 = X509_new ();
  EVP_PKEY *key = recipe_key (recipe);
  VmIdentity *subject = recipe->subject_of_eve ? eve : bob;
  VmIdentity *signer = recipe->signed_by_eve ? eve : ann;
  guint8 *der = NULL;
  gint size;

  ASN1_INTEGER_set_uint64 (X509_get_serialNumber (x509), 7);
  ASN1_TIME_set (X509_getm_notBefore (x509), NOW - DAY);
  ASN1_TIME_set (X509_getm_notAfter (x509), NOW + DAY);
  fail_unless (X509_set_pubkey (x509, key));
  recipe_name (
      X509_get_subject_name (x509), vm_identity_get_device_id (subject));
  if (recipe->subject)
    recipe_name (X509_get_subject_name (x509), recipe->subject);
  recipe_name (X509_get_issuer_name (x509),
      recipe->issuer ? recipe->issuer : vm_identity_get_device_id (ann));
  recipe_extensions (recipe, x509);
  sign (x509, recipe->version ? recipe->version : 3,
      vm_identity_get_key (signer),
      recipe->digest ? recipe->digest () : EVP_sha256 ());
  size = i2d_X509 (x509, &der);
  fail_unless (size > 0);
  X509_free (x509);
  EVP_PKEY_free (key);
  {
    GBytes *bytes = g_bytes_new (der, size);

    OPENSSL_free (der);
    return bytes;
  }
}

#define CAPABILITY(x) .capability = x, .capability_size = sizeof x - 1

static const Recipe recipes[] = {
  { "wrong signature", -1, .signed_by_eve = TRUE },
  { "wrong curve", VM_ERROR_WRONG_KEY, .curve = "P-384" },
  { "like P-256, and is not", VM_ERROR_WRONG_KEY, .curve = "secp256k1" },
  { "RSA", VM_ERROR_WRONG_KEY, .rsa = TRUE },
  { "another spelling of the key", VM_ERROR_WRONG_KEY, .compressed = TRUE },
  { "another's id", VM_ERROR_WRONG_KEY, .subject_of_eve = TRUE },
  { "two names", VM_ERROR_BAD_MESSAGE, .subject = "second" },
  { "issuer no id", VM_ERROR_BAD_MESSAGE, .issuer = "Ann" },
  { "version 1", VM_ERROR_BAD_MESSAGE, .version = 1 },
  { "SHA-1", VM_ERROR_BAD_MESSAGE, .digest = EVP_sha1 },
  { "SHA-512", VM_ERROR_BAD_MESSAGE, .digest = EVP_sha512 },
  { "no permissions", VM_ERROR_BAD_MESSAGE, .absent = TRUE },
  { "permissions twice", VM_ERROR_BAD_MESSAGE, .twice = TRUE },
  { "not critical", VM_ERROR_BAD_MESSAGE, .not_critical = TRUE },
  { "unknown critical extension", VM_ERROR_BAD_MESSAGE,
      .other_nid = NID_basic_constraints, .other = "critical,CA:TRUE" },
  { "permissions empty", VM_ERROR_BAD_MESSAGE, .capability = "" },
  { "permissions cut", VM_ERROR_BAD_MESSAGE, .capability = CALL,
      .capability_size = 4 },
  { "bytes after permissions", VM_ERROR_BAD_MESSAGE, CAPABILITY (CALL "x") },
  { "unused bits not zero", VM_ERROR_BAD_MESSAGE,
      CAPABILITY ("\x30\x04\x03\x02\x07\x81") },
  { "indefinite length", VM_ERROR_BAD_MESSAGE,
      CAPABILITY ("\x30\x80\x03\x02\x07\x80\x00\x00") },
  { "guest who introduces", VM_ERROR_BAD_MESSAGE,
      CAPABILITY (INTRODUCER_OF_M) },
  { "empty meeting", VM_ERROR_BAD_MESSAGE, CAPABILITY (EMPTY_MEETING) },
  { "NUL in meeting", VM_ERROR_BAD_MESSAGE, CAPABILITY (NUL_IN_MEETING) },
  { "meeting not UTF-8", VM_ERROR_BAD_MESSAGE, CAPABILITY (LATIN1_MEETING) },
};

GST_START_TEST (test_hostile)
{
  const Recipe *recipe = &recipes[__i__];
  g_autoptr (GBytes) der = cook (recipe);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = vm_token_from_der (
      g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);

  if (recipe->code >= 0) {
    fail_if (token, "%s was read", recipe->name);
    g_assert_error (error, VM_ERROR, recipe->code);
    return;
  }
  g_assert_no_error (error);
  fail_if (vm_token_verify (token, vm_identity_get_spki (ann), NOW, &error),
      "%s was believed", recipe->name);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* The cook's plain dish is good, so that each refusal is for what differs. */
static const Recipe harmless[] = {
  { "plain", -1, NULL },
  { "an extension that may be ignored", -1, .other_nid = NID_basic_constraints,
      .other = "CA:FALSE" },
  { "a permission of later", -1, CAPABILITY (CALL_AND_ONE_OF_LATER) },
  { "of a meeting", -1, CAPABILITY (CALL_OF_M) },
};

GST_START_TEST (test_harmless)
{
  g_autoptr (GBytes) der = cook (&harmless[__i__]);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = vm_token_from_der (
      g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);

  g_assert_no_error (error);
  fail_unless_equals_int (token->permissions, VM_PERMISSIONS_CALL);
  vm_token_verify (token, vm_identity_get_spki (ann), NOW, &error);
  g_assert_no_error (error);
}

GST_END_TEST;

GST_START_TEST (test_nothing_may_be_done_with_no_permission)
{
  const Recipe recipe = { "none", -1, CAPABILITY (NO_PERMISSION) };
  g_autoptr (GBytes) der = cook (&recipe);
  g_autoptr (VmToken) token = vm_token_from_der (
      g_bytes_get_data (der, NULL), g_bytes_get_size (der), NULL);

  fail_unless_equals_int (token->permissions, VM_PERMISSIONS_NONE);
}

GST_END_TEST;

/* Whatever is cut, added or flipped: it is not read, or not believed. */
GST_START_TEST (test_each_bit_counts)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, "m");
  gsize size;
  const guint8 *der = g_bytes_get_data (token->der, &size);

  for (gsize i = 0; i < size; i++) {
    g_autofree guint8 *bad = g_memdup2 (der, size);
    g_autoptr (VmToken) cut = vm_token_from_der (der, i, NULL);
    g_autoptr (VmToken) flipped = NULL;

    fail_if (cut);
    bad[i] ^= 1 << i % 8;
    flipped = vm_token_from_der (bad, size, NULL);
    fail_if (
        flipped
            && vm_token_verify (flipped, vm_identity_get_spki (ann), NOW, NULL),
        "bit in byte %" G_GSIZE_FORMAT, i);
  }
}

GST_END_TEST;

GST_START_TEST (test_bytes_after_it)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, NULL);
  gsize size = g_bytes_get_size (token->der);
  g_autofree guint8 *longer = g_malloc0 (size + 1);
  g_autoptr (GError) error = NULL;

  memcpy (longer, g_bytes_get_data (token->der, NULL), size);
  fail_if (vm_token_from_der (longer, size + 1, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* Of exactly @size bytes: the rest is an extension that may be ignored. A
 * signature has 70 to 72 bytes, so the first try need not fit. */
static GBytes *
of_size (gsize size)
{
  gsize fill = size / 2;

  for (guint i = 0; i < 1000; i++) {
    g_autofree gchar *text = g_strnfill (fill, 'x');
    const Recipe recipe = { "big", -1, .other_nid = NID_netscape_comment,
      .other = text };
    g_autoptr (GBytes) der = cook (&recipe);

    if (g_bytes_get_size (der) == size)
      return g_steal_pointer (&der);
    fill += size - g_bytes_get_size (der);
  }
  return NULL;
}

GST_START_TEST (test_size)
{
  const gint codes[] = { -1, -1, VM_ERROR_TOO_LARGE };

  for (gint i = -1; i <= 1; i++) {
    g_autoptr (GBytes) der = of_size (VM_TOKEN_DER_MAX + i);
    g_autoptr (GError) error = NULL;
    g_autoptr (VmToken) token = NULL;

    fail_unless (der != NULL);
    token = vm_token_from_der (
        g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
    fail_unless ((token != NULL) == (codes[i + 1] < 0));
    if (!token)
      g_assert_error (error, VM_ERROR, codes[i + 1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_size_of_pem)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, NULL);
  g_autofree gchar *pem = vm_token_to_pem (token);

  for (gint i = -1; i <= 1; i++) {
    g_autofree gchar *blanks =
        g_strnfill (VM_TOKEN_PEM_MAX + i - strlen (pem), '\n');
    g_autofree gchar *text = g_strconcat (pem, blanks, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (VmToken) again = vm_token_from_pem (text, -1, &error);

    fail_unless ((again != NULL) == (i <= 0));
    if (!again)
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_pem)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, NULL);
  g_autofree gchar *pem = vm_token_to_pem (token);
  g_autofree gchar *key = g_strdelimit (g_strdup (pem), "C", 'K');
  g_auto (GStrv) lines = g_strsplit (pem, "\n", -1);
  g_autofree gchar *crlf = g_strjoinv ("\r\n", lines);
  const struct
  {
    gchar *text;
    gboolean good;
  } cases[] = {
    { g_strdup (pem), TRUE },
    { g_strdup (crlf), TRUE },
    { g_strconcat ("\n ", pem, "\n\n", NULL), TRUE },
    { g_strconcat (pem, pem, NULL), FALSE },
    { g_strconcat (pem, "x", NULL), FALSE },
    { g_strconcat ("x", pem, NULL), FALSE },
    { g_strdup (key), FALSE },
    { g_strdup (""), FALSE },
    { g_strdup ("-----BEGIN CERTIFICATE-----"), FALSE },
    { g_strdup ("-----BEGIN CERTIFICATE----------END CERTIFICATE-----"),
        FALSE },
    { g_strdup ("-----BEGIN CERTIFICATE-----END CERTIFICATE-----"), FALSE },
    { g_strdup_printf ("%s\n=%s", lines[0], strchr (pem, '\n')), FALSE },
    { g_strdup_printf ("%s\n#%s", lines[0], strchr (pem, '\n')), FALSE },
    { g_strdup_printf (
          "%s\nProc-Type: 4,ENCRYPTED\n%s", lines[0], strchr (pem, '\n')),
        FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmToken) again = vm_token_from_pem (cases[i].text, -1, &error);

    fail_unless ((again != NULL) == cases[i].good, "case %u", i);
    if (!again)
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    g_free (cases[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_pem_with_nul)
{
  g_autoptr (VmToken) token = issue (VM_PERMISSIONS_CALL, NULL);
  g_autofree gchar *pem = vm_token_to_pem (token);
  gsize size = strlen (pem);

  pem[size / 2] = '\0';
  fail_if (vm_token_from_pem (pem, size, NULL));
}

GST_END_TEST;

GST_START_TEST (test_spki)
{
  gsize size;
  const guint8 *good = g_bytes_get_data (vm_identity_get_spki (ann), &size);
  g_autofree guint8 *bad = g_memdup2 (good, size);
  g_autoptr (GBytes) off_curve = NULL;
  g_autoptr (GBytes) cut = g_bytes_new (good, size - 1);
  g_autoptr (EVP_PKEY) key = vm_spki_to_key (vm_identity_get_spki (ann), NULL);
  g_autoptr (GBytes) shown =
      vm_spki_from_certificate (vm_identity_get_tls_certificate (ann), NULL);
  g_autofree gchar *id = vm_spki_to_device_id (vm_identity_get_spki (ann));
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (size, VM_SPKI_SIZE);
  fail_unless (key && EVP_PKEY_eq (key, vm_identity_get_key (ann)) == 1);
  fail_unless (g_bytes_equal (shown, vm_identity_get_spki (ann)));
  fail_unless_equals_string (id, vm_identity_get_device_id (ann));
  bad[size - 1] ^= 1;
  off_curve = g_bytes_new (bad, size);
  fail_if (vm_spki_to_key (off_curve, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  g_clear_error (&error);
  fail_if (vm_spki_to_key (cut, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

static Suite *
token_suite (void)
{
  Suite *s = suite_create ("token");
  TCase *tc = tcase_create ("token");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_says_what_was_given);
  tcase_add_test (tc, test_of_a_guest);
  tcase_add_test (tc, test_what_is_not_issued);
  tcase_add_test (tc, test_not_for_oneself_nor_for_nonsense);
  tcase_add_test (tc, test_good_from_then_to_then);
  tcase_add_test (tc, test_of_another_issuer);
  tcase_add_loop_test (tc, test_hostile, 0, G_N_ELEMENTS (recipes));
  tcase_add_loop_test (tc, test_harmless, 0, G_N_ELEMENTS (harmless));
  tcase_add_test (tc, test_nothing_may_be_done_with_no_permission);
  tcase_add_test (tc, test_each_bit_counts);
  tcase_add_test (tc, test_bytes_after_it);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_size_of_pem);
  tcase_add_test (tc, test_pem);
  tcase_add_test (tc, test_pem_with_nul);
  tcase_add_test (tc, test_spki);
  return s;
}

CHECK_PROGRAM (token)
