/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/model/manifest.h"

#include "base/base64.h"
#include "base/json/json.h"

#include <string.h>

/* Of a page, so that it stays below VM_P2P_BODY_MAX with the hashes of one more
 * entry. */
#define PAGE_SIZE (512 * 1024)
#define HASHES_AT_ONCE 8192 /* of one file: 341 KiB in base64 */
#define DIGEST_SIZE (2 * VM_SHA256_SIZE)
/* Exact in every reader of JSON. */
#define NUMBER_MAX ((G_GINT64_CONSTANT (1) << 53) - 1)

static const gchar *const kinds[] = { "file", "folder", "link", "other" };

void
vm_sync_bases_clear (VmSyncBases *bases)
{
  for (guint i = 0; i < VM_SYNC_BASES; i++)
    g_clear_pointer (&bases->digests[i], g_free);
}

static void
append_hashes (GString *out, const VmSyncEntry *entry, guint from, guint n)
{
  g_autofree gchar *text =
      g_base64_encode (entry->blocks + (gsize) from * VM_SHA256_SIZE,
          (gsize) n * VM_SHA256_SIZE);

  vm_json_append_member (out, "blocks", text);
}

/* One entry, or the next part of one; TRUE: it is complete. */
static gboolean
append_entry (GString *out, const VmSyncEntry *entry, guint *block)
{
  guint n = MIN (entry->n_blocks - *block, HASHES_AT_ONCE);
  gboolean complete;

  g_string_append_c (out, '{');
  vm_json_append_member (out, "path", entry->path);
  if (*block == 0) {
    vm_json_append_member (out, "type", kinds[entry->kind]);
    vm_json_append_int (out, "mode", entry->mode);
    vm_json_append_int (out, "mtime", entry->mtime);
    if (entry->kind == VM_SYNC_FILE)
      vm_json_append_int (out, "size", entry->size);
    if (entry->target)
      vm_json_append_member (out,
          entry->kind == VM_SYNC_LINK ? "target" : "reason", entry->target);
  }
  if (n > 0)
    append_hashes (out, entry, *block, n);
  g_string_append_c (out, '}');
  complete = *block + n == entry->n_blocks;
  *block = complete ? 0 : *block + n;
  return complete;
}

GBytes *
vm_sync_pages_next (VmSyncPages *pages)
{
  GString *out;

  if (pages->done)
    return NULL;
  out = g_string_new ("{");
  if (pages->next == 0 && pages->block == 0 && pages->bases
      && pages->bases->digests[0]) {
    const gchar *digests[] = { pages->bases->digests[0],
      pages->bases->digests[1], NULL };

    vm_json_append_strings (out, "common", digests);
  }
  vm_json_append_key (out, "entries");
  g_string_append_c (out, '[');
  for (guint n = 0; n < VM_SYNC_PAGE_MAX && out->len < PAGE_SIZE
                    && pages->next < pages->tree->entries->len;
       n++) {
    if (n > 0)
      g_string_append_c (out, ',');
    if (append_entry (
            out, pages->tree->entries->pdata[pages->next], &pages->block))
      pages->next++;
  }
  g_string_append_c (out, ']');
  pages->done = pages->next == pages->tree->entries->len;
  vm_json_append_boolean (out, "last", pages->done);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

GBytes *
vm_sync_pages_wait (void)
{
  static const gchar text[] = "{\"entries\":[],\"last\":false}";

  return g_bytes_new_static (text, sizeof text - 1);
}

VmSyncManifest *
vm_sync_manifest_new (void)
{
  VmSyncManifest *self = g_new0 (VmSyncManifest, 1);

  self->tree = vm_sync_tree_new ();
  return self;
}

void
vm_sync_manifest_free (VmSyncManifest *self)
{
  g_clear_pointer (&self->tree, vm_sync_tree_free);
  g_clear_pointer (&self->open, vm_sync_entry_unref);
  vm_sync_bases_clear (&self->bases);
  g_free (self);
}

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A page of a manifest is wrong: %s", what);
  return FALSE;
}

/* The hashes of @json are the next ones of the open file. */
static gboolean
take_hashes (VmSyncManifest *self, const gchar *text, GError **error)
{
  VmSyncEntry *entry = self->open;
  guint all = vm_sync_block_count (entry->size);
  g_autoptr (GBytes) bytes = NULL;
  gsize size;

  bytes = vm_base64_read_bytes (
      text, (gsize) (all - entry->n_blocks) * VM_SHA256_SIZE);
  if (!bytes)
    return bad (error, "the hashes of a file");
  size = g_bytes_get_size (bytes);
  if (size == 0 || size % VM_SHA256_SIZE != 0)
    return bad (error, "the hashes of a file");
  memcpy (entry->blocks + (gsize) entry->n_blocks * VM_SHA256_SIZE,
      g_bytes_get_data (bytes, NULL), size);
  entry->n_blocks += size / VM_SHA256_SIZE;
  return TRUE;
}

static gboolean
close_file (VmSyncManifest *self, GError **error)
{
  if (self->open->n_blocks < vm_sync_block_count (self->open->size))
    return TRUE;
  vm_sync_entry_seal (self->open);
  return vm_sync_tree_add (self->tree, g_steal_pointer (&self->open), error);
}

static gboolean
kind_of (const gchar *text, VmSyncKind *kind)
{
  for (guint i = 0; text && i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], text) == 0) {
      *kind = i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_file (const VmJson *json, VmSyncEntry *entry, GError **error)
{
  gint64 size = -1;
  guint64 count;

  if (!vm_json_get_int (json, 0, "size", 0, NUMBER_MAX, &size, error))
    return FALSE;
  if (size < 0)
    return bad (error, "a file without a size");
  entry->size = size;
  count = vm_sync_block_count (size);
  if (count > VM_SYNC_BLOCKS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A file of a manifest has too many blocks");
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_target (const VmJson *json, VmSyncEntry *entry, GError **error)
{
  gboolean link = entry->kind == VM_SYNC_LINK;

  if (!vm_json_get_string (json, 0, link ? "target" : "reason",
          VM_SYNC_TARGET_MAX, &entry->target, error))
    return FALSE;
  if (link && (!entry->target || !*entry->target))
    return bad (error, "a link without a target");
  return TRUE;
}

/* The first part of an entry, or all of it. */
static gboolean
read_first (VmSyncManifest *self, const VmJson *json, const gchar *path,
    const gchar *hashes, GError **error)
{
  g_autofree gchar *type = NULL;
  g_autoptr (VmSyncEntry) entry = NULL;
  VmSyncKind kind;
  gint64 mode = 0, mtime = 0;

  if (!vm_json_get_string (json, 0, "type", 16, &type, error)
      || !vm_json_get_int (json, 0, "mode", 0, 07777, &mode, error)
      || !vm_json_get_int (
          json, 0, "mtime", -VM_SYNC_TIME_MAX, VM_SYNC_TIME_MAX, &mtime, error))
    return FALSE;
  if (!kind_of (type, &kind))
    return bad (error, "the type of an entry");
  if (!vm_sync_path_check (path, error))
    return FALSE;
  entry = vm_sync_entry_new (path, kind);
  entry->mode =
      kind == VM_SYNC_LINK ? VM_SYNC_MODE_MASK : mode & VM_SYNC_MODE_MASK;
  entry->mtime = mtime;
  if (kind == VM_SYNC_FILE) {
    if (!read_file (json, entry, error))
      return FALSE;
    if (entry->size > 0) {
      if (!hashes)
        return bad (error, "a file without hashes");
      entry->blocks =
          g_malloc ((gsize) vm_sync_block_count (entry->size) * VM_SHA256_SIZE);
      self->open = g_steal_pointer (&entry);
      return take_hashes (self, hashes, error) && close_file (self, error);
    }
  } else if (kind != VM_SYNC_FOLDER && !read_target (json, entry, error)) {
    return FALSE;
  }
  if (hashes)
    return bad (error, "hashes of what is no file");
  vm_sync_entry_seal (entry);
  return vm_sync_tree_add (self->tree, g_steal_pointer (&entry), error);
}

static gboolean
read_entry (VmSyncManifest *self, const gchar *data, gsize size, GError **error)
{
  VmJson json;
  g_autofree gchar *path = NULL, *hashes = NULL;

  if (!vm_json_read (&json, data, size, error)
      || !vm_json_get_string (&json, 0, "path", VM_SYNC_PATH_MAX, &path, error)
      || !vm_json_get_string (
          &json, 0, "blocks", VM_P2P_BODY_MAX, &hashes, error))
    return FALSE;
  if (!path)
    return bad (error, "an entry without a path");
  if (!self->open)
    return read_first (self, &json, path, hashes, error);
  if (!hashes || strcmp (path, self->open->path) != 0)
    return bad (error, "the hashes of a file are not complete");
  return take_hashes (self, hashes, error) && close_file (self, error);
}

static gsize
skip_blanks (const gchar *data, gsize size, gsize at)
{
  while (at < size && memchr (" \t\r\n", data[at], 4))
    at++;
  return at;
}

/* Behind the value that begins at @at; 0: it does not end. */
static gsize
skip_value (const gchar *data, gsize size, gsize at)
{
  guint depth = 0;
  gboolean text = FALSE;

  for (; at < size; at++) {
    gchar c = data[at];
    gboolean opens = c == '{' || c == '[', closes = c == '}' || c == ']';

    if (c == '"')
      text = !text;
    else if (text)
      at += c == '\\';
    else if (opens)
      depth++;
    else if (depth)
      depth -= closes;
    else if (closes || memchr (", \t\r\n", c, 5))
      return at;
    else
      continue; /* of a number or a word */
    if (!text && !depth)
      return at + 1;
  }
  return 0;
}

/* A page has more members than the reader of JSON allows, so each entry is read
 * on its own, and the page with an empty array in their place. */
static gboolean
read_entries (
    VmSyncManifest *self, const gchar *data, gsize size, GError **error)
{
  gsize at = skip_blanks (data, size, 1);

  for (guint n = 0; at < size && data[at] != ']'; n++) {
    gsize end;

    if (n == VM_SYNC_PAGE_MAX)
      return bad (error, "too many entries");
    if (n > 0) {
      if (data[at] != ',')
        return bad (error, "no list of entries");
      at = skip_blanks (data, size, at + 1);
    }
    end = at < size && data[at] == '{' ? skip_value (data, size, at) : 0;
    if (end == 0)
      return bad (error, "no list of entries");
    if (!read_entry (self, data + at, end - at, error))
      return FALSE;
    at = skip_blanks (data, size, end);
  }
  return TRUE;
}

/* Where the list of entries begins and ends; FALSE: there is none. */
static gboolean
find_entries (const gchar *data, gsize size, gsize *from, gsize *to)
{
  static const gchar name[] = "\"entries\"";
  gsize at = skip_blanks (data, size, 0), end;

  if (at == size || data[at] != '{')
    return FALSE;
  do {
    gsize member = skip_blanks (data, size, at + 1);
    gboolean found;

    end = skip_value (data, size, member);
    found = end - member == strlen (name)
            && memcmp (data + member, name, strlen (name)) == 0;
    at = skip_blanks (data, size, end);
    if (!end || at == size || data[at] != ':')
      return FALSE;
    at = skip_blanks (data, size, at + 1);
    end = skip_value (data, size, at);
    if (found) {
      *from = at;
      *to = end;
      return end && data[at] == '[';
    }
    at = skip_blanks (data, size, end);
  } while (end && at < size && data[at] == ',');
  return FALSE;
}

static gboolean
is_digest (const gchar *text)
{
  return strlen (text) == DIGEST_SIZE
         && strspn (text, "0123456789abcdef") == DIGEST_SIZE;
}

static gboolean
read_head (VmSyncManifest *self, const gchar *data, gsize size, GError **error)
{
  VmJson json;
  VmJsonNode common, at;
  guint n = 0;

  if (!vm_json_read (&json, data, size, error)
      || !vm_json_get_boolean (&json, 0, "last", &self->last, error))
    return FALSE;
  if (vm_json_type (&json, 0) != VM_JSON_OBJECT)
    return bad (error, "no object");
  at = vm_json_get (&json, 0, "entries");
  if (at == VM_JSON_NONE || vm_json_type (&json, at) != VM_JSON_ARRAY
      || vm_json_length (&json, at) != 0)
    return bad (error, "no list of entries");
  common = vm_json_get (&json, 0, "common");
  if (common == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (&json, common) != VM_JSON_ARRAY
      || vm_json_length (&json, common) > VM_SYNC_BASES)
    return bad (error, "the common manifests");
  vm_sync_bases_clear (&self->bases);
  for (at = vm_json_first (&json, common); at != VM_JSON_NONE;
       at = vm_json_next (&json, at)) {
    g_autofree gchar *text = vm_span_to_string (vm_json_span (&json, at));

    if (!text || !is_digest (text))
      return bad (error, "the common manifests");
    self->bases.digests[n++] = g_steal_pointer (&text);
  }
  return TRUE;
}

gboolean
vm_sync_manifest_read (VmSyncManifest *self, GBytes *page, GError **error)
{
  gsize size, from, to;
  const gchar *data = g_bytes_get_data (page, &size);
  g_autoptr (GString) head = NULL;

  if (self->last)
    return bad (error, "it comes after the last one");
  if (!find_entries (data, size, &from, &to))
    return bad (error, "no list of entries");
  head = g_string_new_len (data, from);
  g_string_append (head, "[]");
  g_string_append_len (head, data + to, size - to);
  if (!read_head (self, head->str, head->len, error)
      || !read_entries (self, data + from, to - from, error))
    return FALSE;
  if (!self->last)
    return TRUE;
  if (self->open)
    return bad (error, "the hashes of a file are not complete");
  return vm_sync_tree_finish (self->tree, error);
}
