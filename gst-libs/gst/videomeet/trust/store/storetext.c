/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/storetext.h"
#include "base/limits.h"
#include "base/json/json.h"

#include <string.h>

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"
#define LIST_END "end" /* then a blank and the sum of all before it */

/* Where the certificate begins: a line of its own, for a name may read like
 * one. */
static const gchar *
find_certificate (const gchar *text)
{
  const gchar *line;

  if (g_str_has_prefix (text, PEM_BEGIN))
    return text;
  line = strstr (text, "\n" PEM_BEGIN);
  return line ? line + 1 : NULL;
}

/* The value of "key: value" among the lines before the certificate. */
static gchar *
header (const gchar *text, const gchar *key)
{
  const gchar *end = find_certificate (text);
  gsize size = strlen (key);

  for (const gchar *line = text; line && line < end;) {
    const gchar *next = strchr (line, '\n');

    if (strncmp (line, key, size) == 0 && strncmp (line + size, ": ", 2) == 0
        && next)
      return g_strndup (line + size + 2, next - line - size - 2);
    line = next ? next + 1 : NULL;
  }
  return NULL;
}

/* strspn() finds the end of all of the text first, under a checker of memory.
 */
static const gchar *
skip_space (const gchar *text)
{
  while (*text == ' ' || *text == '\r' || *text == '\n')
    text++;
  return text;
}

gboolean
vm_pem_next (const gchar **text, gsize max, gchar **pem)
{
  const gchar *begin = skip_space (*text);
  const gchar *end;

  *pem = NULL;
  if (!g_str_has_prefix (begin, PEM_BEGIN))
    return FALSE;
  end = g_strstr_len (begin, max, PEM_END);
  if (!end)
    return FALSE;
  end += strlen (PEM_END);
  if (*end != '\n') /* the rest was cut off */
    return FALSE;
  end++;
  *pem = g_strndup (begin, end - begin);
  *text = end;
  return TRUE;
}

static gboolean
read_certificate (
    const gchar *text, const gchar *device_id, gchar **pem, GBytes **spki)
{
  const gchar *rest = find_certificate (text);
  g_autofree gchar *block = NULL;
  g_autofree gchar *hash = NULL;
  g_autofree gchar *id = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (!rest || !vm_pem_next (&rest, VM_DEVICE_FILE_MAX, &block)
      || *skip_space (rest) != '\0')
    return FALSE;
  certificate = g_tls_certificate_new_from_pem (block, -1, NULL);
  hash = certificate ? vm_key_hash_from_certificate (certificate) : NULL;
  id = hash ? vm_device_id_from_key_hash (hash) : NULL;
  if (g_strcmp0 (id, device_id) != 0)
    return FALSE;
  if (spki)
    *spki = vm_spki_from_certificate (certificate, NULL);
  if (pem)
    *pem = g_steal_pointer (&block);
  return TRUE;
}

/* Of what a device's file says, so that one altered letter shows. */
static gchar *
sum_of (const VmKnownDevice *device, const gchar *certificate_pem)
{
  g_autofree gchar *date = g_date_time_format_iso8601 (device->first_seen);
  g_autofree gchar *text = g_strjoin (
      "\n", device->user, device->device, date, certificate_pem, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

/* A file of an earlier version has no sum. */
static gboolean
has_right_sum (const gchar *text, const VmKnownDevice *device, const gchar *pem)
{
  g_autofree gchar *said = header (text, "sum");
  g_autofree gchar *sum = said ? sum_of (device, pem) : NULL;

  return g_strcmp0 (said, sum) == 0;
}

VmKnownDevice *
vm_known_device_from_text (const gchar *text, const gchar *device_id,
    gchar **certificate_pem, GBytes **spki)
{
  g_autoptr (VmKnownDevice) device = g_new0 (VmKnownDevice, 1);
  g_autofree gchar *date = NULL;
  g_autofree gchar *pem = NULL;

  if (spki)
    *spki = NULL;
  if (certificate_pem)
    *certificate_pem = NULL;
  device->device_id = g_strdup (device_id);
  device->user = header (text, "user");
  device->device = header (text, "device");
  date = header (text, "first-seen");
  device->first_seen = date ? g_date_time_new_from_iso8601 (date, NULL) : NULL;
  if (!device->first_seen || !device->user || !device->device
      || !vm_text_is_name (device->user, VM_NAME_MAX)
      || !vm_text_is_name (device->device, VM_NAME_MAX)
      || !read_certificate (text, device_id, &pem, spki))
    return NULL;
  if (!has_right_sum (text, device, pem)) {
    if (spki)
      g_clear_pointer (spki, g_bytes_unref);
    return NULL;
  }
  if (certificate_pem)
    *certificate_pem = g_steal_pointer (&pem);
  return g_steal_pointer (&device);
}

gchar *
vm_known_device_to_text (
    const VmKnownDevice *device, const gchar *certificate_pem)
{
  g_autofree gchar *date = g_date_time_format_iso8601 (device->first_seen);
  g_autofree gchar *sum = sum_of (device, certificate_pem);

  return g_strdup_printf ("user: %s\ndevice: %s\nfirst-seen: %s\nsum: %s\n%s",
      device->user, device->device, date, sum, certificate_pem);
}

gboolean
vm_tokens_from_text (const gchar *text, const gchar *own_id,
    const gchar *device_id, VmToken **given, VmToken **held)
{
  VmToken *tokens[2] = { NULL, NULL }; /* given, held */

  *given = *held = NULL;
  while (*skip_space (text) != '\0') {
    g_autofree gchar *pem = NULL;
    g_autoptr (VmToken) token = NULL;
    gboolean is_held;

    if (!vm_pem_next (&text, VM_TOKEN_PEM_MAX, &pem)
        || !(token = vm_token_from_pem (pem, -1, NULL)))
      goto out;
    is_held = strcmp (token->subject_id, own_id) == 0;
    if (strcmp (is_held ? token->subject_id : token->issuer_id, own_id) != 0
        || strcmp (is_held ? token->issuer_id : token->subject_id, device_id)
               != 0
        || token->meeting_id || tokens[is_held])
      goto out;
    tokens[is_held] = g_steal_pointer (&token);
  }
  *given = tokens[0];
  *held = tokens[1];
  return TRUE;
out:
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    g_clear_pointer (&tokens[i], vm_token_unref);
  return FALSE;
}

gchar *
vm_tokens_to_text (VmToken *given, VmToken *held)
{
  g_autofree gchar *first = given ? vm_token_to_pem (given) : g_strdup ("");
  g_autofree gchar *second = held ? vm_token_to_pem (held) : g_strdup ("");

  return g_strconcat (first, second, NULL);
}

GHashTable *
vm_revoked_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/* Whether @at is the last line of the list @text; one of an earlier version has
 * no sum. */
static gboolean
is_end (const gchar *text, const gchar *at)
{
  g_autofree gchar *sum = NULL;
  g_autofree gchar *line = NULL;

  if (!g_str_has_prefix (at, LIST_END))
    return FALSE;
  sum = g_compute_checksum_for_data (
      G_CHECKSUM_SHA256, (const guchar *) text, at - text);
  line = g_strdup_printf (LIST_END " %s\n", sum);
  return strcmp (at, line) == 0 || strcmp (at, LIST_END "\n") == 0;
}

static gchar *
end_list (GString *text)
{
  g_autofree gchar *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, text->len);

  g_string_append_printf (text, LIST_END " %s\n", sum);
  return g_string_free (text, FALSE);
}

gboolean
vm_revoked_line (GHashTable *revoked, const gchar *line, gsize size)
{
  g_autofree gchar *copy = g_strndup (line, size);
  gchar *space = strchr (copy, ' ');
  g_autoptr (GDateTime) date = NULL;

  if (!space)
    return FALSE;
  *space = '\0';
  if (!vm_device_id_is_valid (copy)
      || !(date = g_date_time_new_from_iso8601 (space + 1, NULL)))
    return FALSE;
  if (!g_hash_table_contains (revoked, copy)
      && g_hash_table_size (revoked) >= VM_TRUST_STORE_REVOKED_MAX)
    return FALSE;
  g_hash_table_insert (
      revoked, g_strdup (copy), g_date_time_format_iso8601 (date));
  return TRUE;
}

gboolean
vm_revoked_from_text (const gchar *text, GHashTable *revoked)
{
  for (const gchar *line = text; *line;) {
    const gchar *next = strchr (line, '\n');

    if (is_end (text, line))
      return TRUE;
    if (!next || !vm_revoked_line (revoked, line, next - line))
      return FALSE;
    line = next + 1;
  }
  return FALSE;
}

gchar *
vm_revoked_to_text (GHashTable *revoked)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GList) ids =
      g_list_sort (g_hash_table_get_keys (revoked), (GCompareFunc) strcmp);

  for (GList *l = ids; l; l = l->next)
    g_string_append_printf (text, "%s %s\n", (const gchar *) l->data,
        (const gchar *) g_hash_table_lookup (revoked, l->data));
  return end_list (text);
}

gboolean
vm_server_address_is_valid (const gchar *address)
{
  gsize size = strlen (address);

  if (!size || size > VM_SERVER_ADDRESS_MAX
      || !g_utf8_validate (address, -1, NULL))
    return FALSE;
  for (gsize i = 0; i < size; i++)
    if (g_ascii_isspace (address[i]) || g_ascii_iscntrl (address[i]))
      return FALSE;
  return TRUE;
}

static gboolean
read_server (const gchar *line, gsize size, GPtrArray *servers)
{
  g_autofree gchar *copy = g_strndup (line, size);
  g_auto (GStrv) parts = g_strsplit (copy, " ", 4);
  g_autoptr (GDateTime) date = NULL;
  VmKnownDevice *server;

  if (g_strv_length (parts) != 3 || !vm_device_id_is_valid (parts[0])
      || !vm_server_address_is_valid (parts[2])
      || servers->len >= VM_TRUST_STORE_SERVERS_MAX
      || !(date = g_date_time_new_from_iso8601 (parts[1], NULL)))
    return FALSE;
  server = g_new0 (VmKnownDevice, 1);
  server->device_id = g_strdup (parts[0]);
  server->user = g_strdup ("");
  server->device = g_strdup (parts[2]);
  server->first_seen = g_steal_pointer (&date);
  g_ptr_array_add (servers, server);
  return TRUE;
}

gboolean
vm_servers_from_text (const gchar *text, GPtrArray *servers)
{
  for (const gchar *line = text; *line;) {
    const gchar *next = strchr (line, '\n');

    if (is_end (text, line))
      return TRUE;
    if (!next || !read_server (line, next - line, servers))
      return FALSE;
    line = next + 1;
  }
  return FALSE;
}

gchar *
vm_servers_to_text (GPtrArray *servers)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < servers->len; i++) {
    const VmKnownDevice *server = servers->pdata[i];
    g_autofree gchar *date = g_date_time_format_iso8601 (server->first_seen);

    g_string_append_printf (
        text, "%s %s %s\n", server->device_id, date, server->device);
  }
  return end_list (text);
}
