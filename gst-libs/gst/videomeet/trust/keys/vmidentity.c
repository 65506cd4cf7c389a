/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmidentity
 * @title: VmIdentity
 * @short_description: the key that is this device
 *
 * A device is its key: ECDSA P-256, made at first use and kept as
 * `identity.pem` (key and self-signed X.509 certificate, mode 0600) in
 * `$XDG_CONFIG_HOME/videomeet`. The device id is the base32 of the SHA-256 of
 * its public key, so nobody can take another's id without its key; names and
 * addresses are only labels.
 *
 * An identity never changes after vm_identity_load(); all getters may be
 * called from any thread.
 */

#include "trust/store/storefile.h"
#include "trust/keys/vmidentity-priv.h"
#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmerror.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define IDENTITY_FILE "identity.pem"
/* bytes; a key and a certificate take 1 KiB */
#define IDENTITY_FILE_MAX 65536
#define IDENTITY_YEARS 20

struct _VmIdentity
{
  GObject parent;

  gchar *path;
  gchar *pem; /* certificate, then key */
  gchar *certificate_pem;
  gchar *key_hash;
  gchar *device_id;
  GTlsCertificate *certificate;
  EVP_PKEY *key;
  GBytes *spki;
};

G_DEFINE_FINAL_TYPE (VmIdentity, vm_identity, G_TYPE_OBJECT)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

static void
vm_identity_finalize (GObject *object)
{
  VmIdentity *self = VM_IDENTITY (object);

  g_free (self->path);
  if (self->pem)
    OPENSSL_cleanse (self->pem, strlen (self->pem));
  g_free (self->pem);
  g_free (self->certificate_pem);
  g_free (self->key_hash);
  g_free (self->device_id);
  g_clear_object (&self->certificate);
  EVP_PKEY_free (self->key);
  g_clear_pointer (&self->spki, g_bytes_unref);
  G_OBJECT_CLASS (vm_identity_parent_class)->finalize (object);
}

static void
vm_identity_class_init (VmIdentityClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_identity_finalize;
}

static void
vm_identity_init (VmIdentity *self)
{
}

static void
set_openssl_error (GError **error, const gchar *what)
{
  gchar reason[256] = "unknown";
  gulong code = ERR_get_error ();

  if (code)
    ERR_error_string_n (code, reason, sizeof reason);
  ERR_clear_error ();
  g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY, "%s: %s", what, reason);
}

static gboolean
add_name (X509 *x509, const gchar *device_id)
{
  X509_NAME *name = X509_get_subject_name (x509);

  /* CN holds 64 characters, which is what a grouped id has. */
  return X509_NAME_add_entry_by_txt (
             name, "CN", MBSTRING_ASC, (const guint8 *) device_id, -1, -1, 0)
         && X509_set_issuer_name (x509, name);
}

static gboolean
add_extension (X509 *x509, gint nid, const gchar *value)
{
  X509V3_CTX context;
  X509_EXTENSION *extension;
  gboolean added;

  X509V3_set_ctx (&context, x509, x509, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  added = extension && X509_add_ext (x509, extension, -1);
  X509_EXTENSION_free (extension);
  return added;
}

static X509 *
certificate_for_key (EVP_PKEY *key, const gchar *device_id)
{
  g_autoptr (X509) x509 = X509_new ();
  guint64 serial = 0;

  if (!x509 || RAND_bytes ((guint8 *) &serial, sizeof serial) != 1)
    return NULL;
  if (!X509_set_version (x509, 2)
      || !ASN1_INTEGER_set_uint64 (X509_get_serialNumber (x509), serial >> 1)
      || !X509_gmtime_adj (X509_getm_notBefore (x509), -24 * 3600)
      || !X509_time_adj_ex (
          X509_getm_notAfter (x509), IDENTITY_YEARS * 365, 0, NULL)
      || !X509_set_pubkey (x509, key) || !add_name (x509, device_id)
      || !add_extension (x509, NID_basic_constraints, "critical,CA:TRUE")
      || !add_extension (x509, NID_subject_key_identifier, "hash")
      || !X509_sign (x509, key, EVP_sha256 ()))
    return NULL;
  return g_steal_pointer (&x509);
}

static gchar *
bio_to_string (BIO *bio)
{
  gchar *data = NULL;
  glong size = BIO_get_mem_data (bio, &data);

  return g_strndup (data, size);
}

static gchar *
make_pem (GError **error)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  g_autoptr (X509) x509 = NULL;
  g_autofree gchar *hash = NULL;
  g_autofree gchar *id = NULL;

  if (key && (hash = vm_key_hash_from_key (key)))
    id = vm_device_id_from_key_hash (hash);
  if (id)
    x509 = certificate_for_key (key, id);
  if (!x509 || !PEM_write_bio_X509 (bio, x509)
      || !PEM_write_bio_PKCS8PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL)) {
    set_openssl_error (error, "The device key could not be made");
    return NULL;
  }
  return bio_to_string (bio);
}

/* Written whole under another name and linked into place: two processes that
 * start together end up with the one identity that came first. */
static gboolean
write_new (const gchar *path, const gchar *pem, GError **error)
{
  g_autofree gchar *part =
      g_strdup_printf ("%s.%d.%08x", path, getpid (), g_random_int ());
  gsize size = strlen (pem), done = 0;
  gboolean written = FALSE;
  gint fd = g_open (part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (fd >= 0) {
    while (done < size) {
      gssize n = write (fd, pem + done, size - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break;
      done += n;
    }
    written = done == size && fsync (fd) == 0;
    if (close (fd) != 0)
      written = FALSE;
    if (written && link (part, path) != 0 && errno != EEXIST)
      written = FALSE;
  }
  if (!written)
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "The device identity could not be written to %s: %s", path,
        g_strerror (errno));
  if (fd >= 0)
    g_unlink (part);
  return written;
}

static gboolean
vm_identity_parse (VmIdentity *self, GError **error)
{
  g_autoptr (BIO) bio = BIO_new_mem_buf (self->pem, -1);
  g_autoptr (BIO) key_bio = BIO_new_mem_buf (self->pem, -1);
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  g_autoptr (X509) x509 = PEM_read_bio_X509 (bio, NULL, NULL, NULL);
  g_autoptr (EVP_PKEY) key =
      PEM_read_bio_PrivateKey (key_bio, NULL, NULL, (void *) "");
  g_autoptr (GError) local = NULL;

  if (!x509 || !key || X509_check_private_key (x509, key) != 1) {
    g_autofree gchar *what =
        g_strdup_printf ("%s does not hold a key with its "
                         "certificate; move it away to get a new identity",
            self->path);

    set_openssl_error (error, what);
    return FALSE;
  }
  self->spki = vm_spki_from_key (key, &local);
  if (!self->spki) {
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY, "%s: %s", self->path,
        local->message);
    return FALSE;
  }
  PEM_write_bio_X509 (out, x509);
  self->certificate_pem = bio_to_string (out);
  self->key_hash = vm_key_hash_from_key (key);
  self->device_id = vm_device_id_from_key_hash (self->key_hash);
  self->key = g_steal_pointer (&key);
  self->certificate = g_tls_certificate_new_from_pem (self->pem, -1, error);
  return self->certificate != NULL;
}

/**
 * vm_identity_load:
 * @directory: (nullable) (type filename): where `identity.pem` is kept, made
 *   with mode 0700 if absent; %NULL for `$XDG_CONFIG_HOME/videomeet`
 * @error: #VM_ERROR_IDENTITY when it can be neither read nor made
 *
 * Reads this device's identity, or makes it on first use. Blocks for the disk.
 *
 * Returns: (transfer full): the identity, or %NULL with @error
 *
 * Since: 0.1
 */
VmIdentity *
vm_identity_load (const gchar *directory, GError **error)
{
  g_autoptr (VmIdentity) self = g_object_new (VM_TYPE_IDENTITY, NULL);
  g_autofree gchar *folder =
      directory
          ? g_strdup (directory)
          : g_build_filename (g_get_user_config_dir (), "videomeet", NULL);
  g_autoptr (GError) local = NULL;

  self->path = g_build_filename (folder, IDENTITY_FILE, NULL);
  if (g_mkdir_with_parents (folder, 0700) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "The folder %s could not be made: %s", folder, g_strerror (errno));
    return NULL;
  }
  if (!g_file_test (self->path, G_FILE_TEST_EXISTS)) {
    g_autofree gchar *pem = make_pem (error);

    if (!pem || !write_new (self->path, pem, error))
      return NULL;
    OPENSSL_cleanse (pem, strlen (pem));
  }
  self->pem = vm_store_read (
      folder, NULL, IDENTITY_FILE, IDENTITY_FILE_MAX, TRUE, &local);
  if (!self->pem) {
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "The device identity, which must be a plain file of this user's that "
        "nobody else can read or write, cannot be read: %s",
        local->message);
    return NULL;
  }
  if (!vm_identity_parse (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * vm_identity_get_device_id:
 * @self: a #VmIdentity
 *
 * The id under which others know this device.
 *
 * Returns: (transfer none): the device id, 52 letters and digits in groups of
 *   four, 64 characters in all
 *
 * Since: 0.1
 */
const gchar *
vm_identity_get_device_id (VmIdentity *self)
{
  g_return_val_if_fail (VM_IS_IDENTITY (self), NULL);

  return self->device_id;
}

/*
 * vm_identity_get_key_hash:
 * @self: a #VmIdentity
 *
 * The hash of the public key, which the device id is made from.
 *
 * Returns: (transfer none): base64url SHA-256 of the public key, as announced
 *   in the TXT key `pk` (`protocol/discovery.md#txt`)
 *
 * Since: 0.1
 */
const gchar *
vm_identity_get_key_hash (VmIdentity *self)
{
  g_return_val_if_fail (VM_IS_IDENTITY (self), NULL);

  return self->key_hash;
}

/*
 * vm_identity_get_certificate_pem:
 * @self: a #VmIdentity
 *
 * The certificate to show to others; it does not hold the private key.
 *
 * Returns: (transfer none): the self-signed certificate, PEM
 *
 * Since: 0.1
 */
const gchar *
vm_identity_get_certificate_pem (VmIdentity *self)
{
  g_return_val_if_fail (VM_IS_IDENTITY (self), NULL);

  return self->certificate_pem;
}

/*
 * vm_identity_get_path:
 * @self: a #VmIdentity
 *
 * Where the identity is kept.
 *
 * Returns: (transfer none) (type filename): the file that holds certificate
 *   and key, mode 0600
 *
 * Since: 0.1
 */
const gchar *
vm_identity_get_path (VmIdentity *self)
{
  g_return_val_if_fail (VM_IS_IDENTITY (self), NULL);

  return self->path;
}

/**
 * vm_identity_get_tls_certificate:
 * @self: a #VmIdentity
 *
 * What a TLS connection of this device presents.
 *
 * Returns: (transfer none): certificate and key for TLS
 *
 * Since: 0.1
 */
GTlsCertificate *
vm_identity_get_tls_certificate (VmIdentity *self)
{
  g_return_val_if_fail (VM_IS_IDENTITY (self), NULL);

  return self->certificate;
}

EVP_PKEY *
vm_identity_get_key (VmIdentity *self)
{
  return self->key;
}

GBytes *
vm_identity_get_spki (VmIdentity *self)
{
  return self->spki;
}
