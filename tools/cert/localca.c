/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cert/localca.h"

#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define DAY (24 * 60 * 60) /* s */
#define SERIAL_BYTES 16
#define KEY_ID_BYTES 20
#define NAME_SIZE 256 /* of a common name, with its end */

typedef struct gnutls_x509_crt_int Crt;
typedef struct gnutls_x509_privkey_int Key;

static void
crt_free (Crt *crt)
{
  gnutls_x509_crt_deinit (crt);
}

static void
key_free (Key *key)
{
  gnutls_x509_privkey_deinit (key);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Crt, crt_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Key, key_free)

static gboolean
fail (const gchar *what, gint code, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what,
      gnutls_strerror (code));
  return FALSE;
}

/* Files */

static gboolean
read_file (const gchar *file, gnutls_datum_t *text, GError **error)
{
  gsize size = 0;
  gchar *data = NULL;

  if (!g_file_get_contents (file, &data, &size, error))
    return FALSE;
  text->data = (guint8 *) data;
  text->size = size;
  return TRUE;
}

static Crt *
read_crt (const gchar *file, GError **error)
{
  gnutls_datum_t text = { NULL };
  Crt *crt = NULL;
  gint code;

  if (!read_file (file, &text, error))
    return NULL;
  gnutls_x509_crt_init (&crt);
  code = gnutls_x509_crt_import (crt, &text, GNUTLS_X509_FMT_PEM);
  g_free (text.data);
  if (code >= 0)
    return crt;
  fail (file, code, error);
  crt_free (crt);
  return NULL;
}

static Key *
read_key (const gchar *file, GError **error)
{
  gnutls_datum_t text = { NULL };
  Key *key = NULL;
  gint code;

  if (!read_file (file, &text, error))
    return NULL;
  gnutls_x509_privkey_init (&key);
  code = gnutls_x509_privkey_import (key, &text, GNUTLS_X509_FMT_PEM);
  gnutls_memset (text.data, 0, text.size);
  g_free (text.data);
  if (code >= 0)
    return key;
  fail (file, code, error);
  key_free (key);
  return NULL;
}

static gboolean
write_file (
    const gchar *file, const gchar *text, gsize size, gint mode, GError **error)
{
  /* of a file that is there the mode would stay */
  g_unlink (file);
  return g_file_set_contents_full (
      file, text, size, G_FILE_SET_CONTENTS_CONSISTENT, mode, error);
}

static gboolean
write_key (const gchar *file, Key *key, GError **error)
{
  gnutls_datum_t text = { NULL };
  gint code = gnutls_x509_privkey_export2_pkcs8 (
      key, GNUTLS_X509_FMT_PEM, NULL, 0, &text);
  gboolean written;

  if (code < 0)
    return fail (file, code, error);
  written =
      write_file (file, (const gchar *) text.data, text.size, 0600, error);
  gnutls_memset (text.data, 0, text.size);
  gnutls_free (text.data);
  return written;
}

/* @behind: the one that has signed it, or NULL. */
static gboolean
write_crt (const gchar *file, Crt *crt, Crt *behind, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);
  Crt *each[] = { crt, behind };

  for (guint i = 0; i < G_N_ELEMENTS (each) && each[i]; i++) {
    gnutls_datum_t text = { NULL };
    gint code = gnutls_x509_crt_export2 (each[i], GNUTLS_X509_FMT_PEM, &text);

    if (code < 0)
      return fail (file, code, error);
    g_string_append_len (all, (const gchar *) text.data, text.size);
    gnutls_free (text.data);
  }
  return write_file (file, all->str, all->len, 0644, error);
}

/* Certificates */

static Key *
make_key (GError **error)
{
  Key *key = NULL;
  gint code;

  gnutls_x509_privkey_init (&key);
  code = gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
      GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (code >= 0)
    return key;
  fail ("A key could not be made", code, error);
  key_free (key);
  return NULL;
}

/* What both kinds have. The first failure is the result. */
static gint
fill (Crt *crt, Key *key, const gchar *name, gint64 date, guint days)
{
  g_autofree gchar *dn = g_strdup_printf ("CN=%s,O=videomeet", name);
  guint8 serial[SERIAL_BYTES], id[KEY_ID_BYTES];
  gsize size = sizeof id;
  gint code;

  if ((code = gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial)) < 0)
    return code;
  serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, RFC 5280 §4.1.2.2 */
  if ((code = gnutls_x509_crt_set_version (crt, 3)) < 0
      || (code = gnutls_x509_crt_set_serial (crt, serial, sizeof serial)) < 0
      || (code = gnutls_x509_crt_set_dn (crt, dn, NULL)) < 0
      || (code = gnutls_x509_crt_set_activation_time (crt, date - DAY)) < 0
      || (code = gnutls_x509_crt_set_expiration_time (
              crt, date + (gint64) (days - 1) * DAY))
             < 0
      || (code = gnutls_x509_crt_set_key (crt, key)) < 0
      || (code = gnutls_x509_crt_get_key_id (
              crt, GNUTLS_KEYID_USE_SHA1, id, &size))
             < 0)
    return code;
  return gnutls_x509_crt_set_subject_key_id (crt, id, size);
}

static gint
permit (gnutls_x509_name_constraints_t all, gnutls_x509_subject_alt_name_t kind,
    gnutls_datum_t name)
{
  return gnutls_x509_name_constraints_add_permitted (all, kind, &name);
}

/* Of a kind of name that no constraint speaks of all would be permitted
 * (RFC 5280 §4.2.1.10): the addresses of this machine itself stand for that. */
static gint
constrain (Crt *crt, const gchar *const *names)
{
  static const gchar *const addresses[] = { "127.0.0.1/32", "::1/128" };
  gnutls_x509_name_constraints_t all;
  gint code = gnutls_x509_name_constraints_init (&all);

  if (code < 0)
    return code;
  for (guint i = 0; names[i] && code >= 0; i++)
    code = permit (all, GNUTLS_SAN_DNSNAME,
        (gnutls_datum_t){ (guint8 *) names[i], strlen (names[i]) });
  for (guint i = 0; i < G_N_ELEMENTS (addresses) && code >= 0; i++) {
    gnutls_datum_t address = { NULL };

    code = gnutls_x509_cidr_to_rfc5280 (addresses[i], &address);
    if (code >= 0)
      code = permit (all, GNUTLS_SAN_IPADDRESS, address);
    gnutls_free (address.data);
  }
  if (code >= 0)
    code = gnutls_x509_crt_set_name_constraints (crt, all, 1);
  gnutls_x509_name_constraints_deinit (all);
  return code;
}

/* What was made is read as it is sent: of what it was made from GnuTLS tells no
 * names. */
static gint
read_back (Crt **crt)
{
  gnutls_datum_t der = { NULL };
  Crt *read = NULL;
  gint code = gnutls_x509_crt_export2 (*crt, GNUTLS_X509_FMT_DER, &der);

  if (code < 0)
    return code;
  gnutls_x509_crt_init (&read);
  code = gnutls_x509_crt_import (read, &der, GNUTLS_X509_FMT_DER);
  gnutls_free (der.data);
  crt_free (*crt);
  *crt = read;
  return code;
}

static Crt *
make_root (Key *key, const gchar *const *names, gint64 date, GError **error)
{
  /* the shortest of its own names, for people */
  const gchar *last = g_strv_length ((gchar **) names) > 1 ? names[1] : *names;
  g_autofree gchar *name = g_strdup_printf ("videomeet root of %.40s", last);
  Crt *crt = NULL;
  gint code;

  gnutls_x509_crt_init (&crt);
  code = fill (crt, key, name, date, VMT_ROOT_DAYS);
  if (code >= 0)
    code = gnutls_x509_crt_set_basic_constraints (crt, 1, 0);
  if (code >= 0)
    code = gnutls_x509_crt_set_key_usage (
        crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
  if (code >= 0)
    code = constrain (crt, names);
  if (code >= 0)
    code = gnutls_x509_crt_sign2 (crt, crt, key, GNUTLS_DIG_SHA256, 0);
  if (code >= 0)
    code = read_back (&crt);
  if (code >= 0)
    return crt;
  fail ("The root certificate could not be made", code, error);
  crt_free (crt);
  return NULL;
}

static gint
name_leaf (Crt *crt, Crt *root, const gchar *const *names)
{
  guint8 id[KEY_ID_BYTES];
  gsize size = sizeof id;
  gint code = gnutls_x509_crt_get_subject_key_id (root, id, &size, NULL);

  if (code >= 0)
    code = gnutls_x509_crt_set_authority_key_id (crt, id, size);
  for (guint i = 0; names[i] && code >= 0; i++)
    code = gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_DNSNAME,
        names[i], strlen (names[i]), GNUTLS_FSAN_APPEND);
  return code;
}

static Crt *
make_leaf (Key *key, Crt *root, Key *root_key, const gchar *const *names,
    gint64 date, GError **error)
{
  Crt *crt = NULL;
  gint code;

  gnutls_x509_crt_init (&crt);
  code = fill (crt, key, names[0], date, VMT_LEAF_DAYS);
  if (code >= 0)
    code = name_leaf (crt, root, names);
  if (code >= 0)
    code = gnutls_x509_crt_set_basic_constraints (crt, 0, -1);
  if (code >= 0)
    code = gnutls_x509_crt_set_key_usage (crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
  if (code >= 0)
    code =
        gnutls_x509_crt_set_key_purpose_oid (crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
  if (code >= 0)
    code = gnutls_x509_crt_sign2 (crt, root, root_key, GNUTLS_DIG_SHA256, 0);
  if (code >= 0)
    code = read_back (&crt);
  if (code >= 0)
    return crt;
  fail ("The certificate could not be made", code, error);
  crt_free (crt);
  return NULL;
}

/* Whether it is in force at @date, and for so many days more. */
static gboolean
is_in_force (Crt *crt, gint64 date, guint days)
{
  return gnutls_x509_crt_get_activation_time (crt) <= date
         && gnutls_x509_crt_get_expiration_time (crt)
                > date + (gint64) days * DAY;
}

/* Whether the root may vouch for all names of @leaf. */
static gboolean
is_permitted (Crt *root, Crt *leaf)
{
  gnutls_x509_name_constraints_t all;
  guint critical;
  gboolean permitted;

  if (gnutls_x509_name_constraints_init (&all) < 0)
    return FALSE;
  permitted =
      gnutls_x509_crt_get_name_constraints (root, all, 0, &critical) >= 0
      && gnutls_x509_name_constraints_check_crt (all, GNUTLS_SAN_DNSNAME, leaf);
  gnutls_x509_name_constraints_deinit (all);
  return permitted;
}

/* GnuTLS's own check takes no name without a dot. */
static gboolean
has_name (Crt *crt, const gchar *name)
{
  gint code = 0;

  for (guint i = 0; code != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
    gchar text[NAME_SIZE] = "";
    gsize size = sizeof text - 1;

    code = gnutls_x509_crt_get_subject_alt_name (crt, i, text, &size, NULL);
    if (code == GNUTLS_SAN_DNSNAME && strcmp (text, name) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_good (Crt *leaf, Crt *root, const gchar *const *names, gint64 date)
{
  guint faults = 0;

  for (guint i = 0; names[i]; i++)
    if (!has_name (leaf, names[i]))
      return FALSE;
  return is_in_force (leaf, date, VMT_RENEW_DAYS) && is_permitted (root, leaf)
         && gnutls_x509_crt_verify (
                leaf, &root, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &faults)
                >= 0
         && !faults;
}

/* What the root may not vouch for takes the place of nothing. */
static gboolean
write_leaf (const VmtLocalCa *self, Crt *root, Key *root_key,
    const gchar *const *names, gint64 date, GError **error)
{
  g_autoptr (Key) key = make_key (error);
  g_autoptr (Crt) leaf =
      key ? make_leaf (key, root, root_key, names, date, error) : NULL;

  if (!leaf)
    return FALSE;
  if (!is_good (leaf, root, names, date)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "The root certificate of this device may not vouch for %s", names[0]);
    return FALSE;
  }
  return write_key (self->leaf_key, key, error)
         && write_crt (self->leaf, leaf, root, error);
}

gboolean
vmt_local_ca_make (const VmtLocalCa *self, const gchar *const *names,
    gint64 date, GError **error)
{
  g_autoptr (Key) key = NULL;
  g_autoptr (Crt) root = NULL;

  if (g_mkdir_with_parents (self->folder, 0700) != 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s cannot be made",
        self->folder);
    return FALSE;
  }
  key = make_key (error);
  root = key ? make_root (key, names, date, error) : NULL;
  return root && write_key (self->root_key, key, error)
         && write_leaf (self, root, key, names, date, error)
         && write_crt (self->root, root, NULL, error);
}

static gboolean
renew (const VmtLocalCa *self, Crt *root, const gchar *const *names,
    gint64 date, GError **error)
{
  g_autoptr (Key) key = read_key (self->root_key, error);

  return key && write_leaf (self, root, key, names, date, error);
}

gboolean
vmt_local_ca_ready (const VmtLocalCa *self, const gchar *const *names,
    gint64 date, GError **error)
{
  g_autoptr (Crt) root = read_crt (self->root, error);
  g_autoptr (Crt) leaf = root ? read_crt (self->leaf, NULL) : NULL;

  if (!root)
    return FALSE;
  if (!is_in_force (root, date, VMT_RENEW_DAYS)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "The root certificate of this device has ended, or is about to");
    return FALSE;
  }
  return (leaf && g_file_test (self->leaf_key, G_FILE_TEST_EXISTS)
             && is_good (leaf, root, names, date))
         || renew (self, root, names, date, error);
}

gchar *
vmt_local_ca_get_name (const VmtLocalCa *self)
{
  g_autoptr (Crt) root = read_crt (self->root, NULL);
  gchar name[NAME_SIZE];
  gsize size = sizeof name;

  if (!root
      || gnutls_x509_crt_get_dn_by_oid (
             root, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size)
             < 0)
    return NULL;
  return g_strndup (name, size);
}

gint64
vmt_local_ca_get_end (const VmtLocalCa *self)
{
  g_autoptr (Crt) leaf = read_crt (self->leaf, NULL);

  return leaf ? gnutls_x509_crt_get_expiration_time (leaf) : 0;
}
