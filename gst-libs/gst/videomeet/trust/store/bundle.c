/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/bundle.h"
#include "trust/store/storetext.h"

#include <string.h>

#define FIRST_LINE "videomeet trust 1\n"
#define LAST_LINE "end\n"
#define REVOKED "revoked: "
#define HEADERS_MAX 1024 /* bytes of user, device and first-seen */

static void
bundle_device_free (VmBundleDevice *one)
{
  vm_known_device_free (one->device);
  g_free (one->certificate_pem);
  g_clear_pointer (&one->spki, g_bytes_unref);
  g_free (one);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmBundleDevice, bundle_device_free)

VmBundle *
vm_bundle_new (void)
{
  VmBundle *bundle = g_new (VmBundle, 1);

  bundle->devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bundle_device_free);
  bundle->tokens =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_token_unref);
  bundle->revoked = vm_revoked_new ();
  return bundle;
}

void
vm_bundle_free (VmBundle *bundle)
{
  g_ptr_array_unref (bundle->devices);
  g_ptr_array_unref (bundle->tokens);
  g_hash_table_unref (bundle->revoked);
  g_free (bundle);
}

static gboolean
bad (GError **error, const gchar *why)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "This is not an export of a trust store: %s", why);
  return FALSE;
}

static gboolean
too_many (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The export of a trust store holds too many %s", what);
  return FALSE;
}

/* What a key hashes to is its id: nothing else in the text names the device. */
static gchar *
id_of (const gchar *pem)
{
  g_autoptr (GTlsCertificate) certificate =
      g_tls_certificate_new_from_pem (pem, -1, NULL);
  g_autofree gchar *hash =
      certificate ? vm_key_hash_from_certificate (certificate) : NULL;

  return hash ? vm_device_id_from_key_hash (hash) : NULL;
}

static gboolean
add_device (
    VmBundle *bundle, const gchar *headers, const gchar *pem, GError **error)
{
  g_autoptr (VmBundleDevice) one = g_new0 (VmBundleDevice, 1);
  g_autofree gchar *text = g_strconcat (headers, pem, NULL);
  g_autofree gchar *id = id_of (pem);

  if (bundle->devices->len >= VM_TRUST_STORE_DEVICES_MAX)
    return too_many (error, "devices");
  if (id)
    one->device =
        vm_known_device_from_text (text, id, &one->certificate_pem, &one->spki);
  if (!one->device || !one->spki)
    return bad (error, "a device in it cannot be read");
  g_ptr_array_add (bundle->devices, g_steal_pointer (&one));
  return TRUE;
}

static gboolean
add_token (VmBundle *bundle, const gchar *pem, GError **error)
{
  VmToken *token;

  if (bundle->tokens->len >= VM_BUNDLE_TOKENS_MAX)
    return too_many (error, "tokens");
  token = vm_token_from_pem (pem, -1, error);
  if (token)
    g_ptr_array_add (bundle->tokens, token);
  return token != NULL;
}

/* A certificate begins at *@text. */
static gboolean
read_block (
    VmBundle *bundle, const gchar **text, GString *headers, GError **error)
{
  g_autofree gchar *pem = NULL;

  if (!vm_pem_next (text, VM_DEVICE_FILE_MAX, &pem))
    return bad (error, "it has a block that is no certificate, or a key");
  if (!headers->len)
    return add_token (bundle, pem, error);
  if (!add_device (bundle, headers->str, pem, error))
    return FALSE;
  g_string_truncate (headers, 0);
  return TRUE;
}

static gboolean
read_line (VmBundle *bundle, const gchar *line, gsize size, GString *headers,
    GError **error)
{
  gsize skip = strlen (REVOKED);

  if (size > skip && strncmp (line, REVOKED, skip) == 0) {
    if (vm_revoked_line (bundle->revoked, line + skip, size - skip))
      return TRUE;
    if (g_hash_table_size (bundle->revoked) >= VM_TRUST_STORE_REVOKED_MAX)
      return too_many (error, "revocations");
    return bad (error, "a revocation in it cannot be read");
  }
  if (headers->len + size + 1 > HEADERS_MAX)
    return bad (error, "a line in it is out of place");
  g_string_append_len (headers, line, size);
  g_string_append_c (headers, '\n');
  return TRUE;
}

/* Each line is looked for up to the end that is known: a function that wants a
 * string's end finds it anew for each, under a checker of memory. */
static gboolean
read_all (VmBundle *bundle, const gchar *text, gsize size, GError **error)
{
  g_autoptr (GString) headers = g_string_new (NULL);
  const gchar *last;

  if (!g_str_has_prefix (text, FIRST_LINE))
    return bad (error, "its first line is another");
  if (!g_str_has_suffix (text, "\n" LAST_LINE))
    return bad (error, "its end is missing");
  last = text + size - strlen (LAST_LINE);
  text += strlen (FIRST_LINE);
  while (text < last) {
    const gchar *next = memchr (text, '\n', last - text);

    if (g_str_has_prefix (text, "-----BEGIN ")) {
      if (!read_block (bundle, &text, headers, error))
        return FALSE;
      continue;
    }
    if (!read_line (bundle, text, next - text, headers, error))
      return FALSE;
    text = next + 1;
  }
  return !headers->len || bad (error, "a device in it has no certificate");
}

VmBundle *
vm_bundle_from_text (const gchar *text, gssize size, GError **error)
{
  g_autoptr (VmBundle) bundle = vm_bundle_new ();
  gsize length =
      size < 0 ? strnlen (text, VM_TRUST_BUNDLE_MAX + 1) : (gsize) size;
  g_autofree gchar *copy = NULL;

  if (length > VM_TRUST_BUNDLE_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The export of a trust store has at most %d MiB",
        VM_TRUST_BUNDLE_MAX / 1024 / 1024);
    return NULL;
  }
  copy = g_strndup (text, length);
  if (strlen (copy) != length) {
    bad (error, "it holds a NUL");
    return NULL;
  }
  return read_all (bundle, copy, length, error) ? g_steal_pointer (&bundle)
                                                : NULL;
}

gchar *
vm_bundle_to_text (const VmBundle *bundle)
{
  GString *text = g_string_new (FIRST_LINE);
  g_autoptr (GList) ids = g_list_sort (
      g_hash_table_get_keys (bundle->revoked), (GCompareFunc) strcmp);

  for (GList *l = ids; l; l = l->next)
    g_string_append_printf (text, REVOKED "%s %s\n", (const gchar *) l->data,
        (const gchar *) g_hash_table_lookup (bundle->revoked, l->data));
  for (guint i = 0; i < bundle->devices->len; i++) {
    const VmBundleDevice *one = bundle->devices->pdata[i];
    g_autofree gchar *lines =
        vm_known_device_to_text (one->device, one->certificate_pem);

    g_string_append (text, lines);
  }
  for (guint i = 0; i < bundle->tokens->len; i++) {
    g_autofree gchar *pem = vm_token_to_pem (bundle->tokens->pdata[i]);

    g_string_append (text, pem);
  }
  return g_string_free (g_string_append (text, LAST_LINE), FALSE);
}
