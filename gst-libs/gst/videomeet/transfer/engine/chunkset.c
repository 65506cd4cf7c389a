/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/chunkset.h"

#include <string.h>

struct _VmChunkSet
{
  guint64 total;
  guint64 count;
  guint n_runs;
  VmChunkRun runs[VM_CHUNK_SET_RUNS_MAX];
};

VmChunkSet *
vm_chunk_set_new (guint64 total)
{
  VmChunkSet *set;

  if (total > VM_CHUNK_SET_TOTAL_MAX)
    return NULL;
  set = g_new0 (VmChunkSet, 1);
  set->total = total;
  return set;
}

VmChunkSet *
vm_chunk_set_copy (const VmChunkSet *set)
{
  return g_memdup2 (set, sizeof *set);
}

void
vm_chunk_set_free (VmChunkSet *set)
{
  g_free (set);
}

static guint64
end_of (const VmChunkRun *run)
{
  return run->first + run->count;
}

/* The first run that ends behind @index: it has the chunk, or starts after
 * it. */
static guint
find (const VmChunkSet *set, guint64 index)
{
  guint low = 0, high = set->n_runs;

  while (low < high) {
    guint middle = (low + high) / 2;

    if (end_of (&set->runs[middle]) <= index)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

gboolean
vm_chunk_set_has (const VmChunkSet *set, guint64 index)
{
  guint at = find (set, index);

  return at < set->n_runs && set->runs[at].first <= index;
}

static void
remove_run (VmChunkSet *set, guint at)
{
  set->n_runs--;
  memmove (&set->runs[at], &set->runs[at + 1],
      (set->n_runs - at) * sizeof set->runs[0]);
}

static gboolean
insert_run (VmChunkSet *set, guint at, guint64 first)
{
  if (set->n_runs == VM_CHUNK_SET_RUNS_MAX)
    return FALSE;
  memmove (&set->runs[at + 1], &set->runs[at],
      (set->n_runs - at) * sizeof set->runs[0]);
  set->runs[at] = (VmChunkRun){ first, 1 };
  set->n_runs++;
  return TRUE;
}

gboolean
vm_chunk_set_add (VmChunkSet *set, guint64 index)
{
  guint at = find (set, index);
  VmChunkRun *before = at ? &set->runs[at - 1] : NULL;
  VmChunkRun *after = at < set->n_runs ? &set->runs[at] : NULL;

  if (index >= set->total)
    return FALSE;
  if (after && after->first <= index)
    return TRUE;
  if (before && end_of (before) == index) {
    before->count++;
    if (after && after->first == index + 1) {
      before->count += after->count;
      remove_run (set, at);
    }
  } else if (after && after->first == index + 1) {
    after->first--;
    after->count++;
  } else if (!insert_run (set, at, index)) {
    return FALSE;
  }
  set->count++;
  return TRUE;
}

guint64
vm_chunk_set_get_total (const VmChunkSet *set)
{
  return set->total;
}

guint64
vm_chunk_set_count (const VmChunkSet *set)
{
  return set->count;
}

gboolean
vm_chunk_set_is_full (const VmChunkSet *set)
{
  return set->count == set->total;
}

gboolean
vm_chunk_set_next_missing (const VmChunkSet *set, guint64 from, guint64 *index)
{
  guint at = find (set, from);

  /* runs do not touch: behind one there is always a gap */
  if (at < set->n_runs && set->runs[at].first <= from)
    from = end_of (&set->runs[at]);
  if (from >= set->total)
    return FALSE;
  *index = from;
  return TRUE;
}

const VmChunkRun *
vm_chunk_set_get_runs (const VmChunkSet *set, guint *n_runs)
{
  *n_runs = set->n_runs;
  return set->runs;
}

void
vm_chunk_set_append (const VmChunkSet *set, GString *out, const gchar *key)
{
  vm_json_append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; i < set->n_runs; i++)
    g_string_append_printf (out, "%s%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT,
        i ? "," : "", set->runs[i].first, set->runs[i].count);
  g_string_append_c (out, ']');
}

/* A number written as vm_chunk_set_append() does: digits, no zero before. */
static gboolean
read_number (const VmJson *json, VmJsonNode node, guint64 *number)
{
  gchar text[24] = "";
  VmSpan span;

  if (node == VM_JSON_NONE || vm_json_type (json, node) != VM_JSON_NUMBER)
    return FALSE;
  span = vm_json_span (json, node);
  if (span.size >= sizeof text)
    return FALSE;
  memcpy (text, span.data, span.size);
  return g_ascii_string_to_unsigned (
      text, 10, 0, VM_CHUNK_SET_TOTAL_MAX, number, NULL);
}

gboolean
vm_chunk_set_add_run (VmChunkSet *set, guint64 first, guint64 count)
{
  const VmChunkRun *last = set->n_runs ? &set->runs[set->n_runs - 1] : NULL;

  if (set->n_runs == VM_CHUNK_SET_RUNS_MAX || !count || first >= set->total
      || count > set->total - first || (last && first <= end_of (last)))
    return FALSE;
  set->runs[set->n_runs++] = (VmChunkRun){ first, count };
  set->count += count;
  return TRUE;
}

static gboolean
read_runs (const VmJson *json, VmJsonNode list, VmChunkSet *set)
{
  VmJsonNode node = vm_json_first (json, list);

  while (node != VM_JSON_NONE) {
    guint64 first, count;

    if (!read_number (json, node, &first))
      return FALSE;
    node = vm_json_next (json, node);
    if (!read_number (json, node, &count)
        || !vm_chunk_set_add_run (set, first, count))
      return FALSE;
    node = vm_json_next (json, node);
  }
  return TRUE;
}

gboolean
vm_chunk_set_read (const VmJson *json, VmJsonNode object, const gchar *key,
    guint64 total, VmChunkSet **set, GError **error)
{
  VmJsonNode list = vm_json_get (json, object, key);
  g_autoptr (VmChunkSet) read = NULL;

  if (list == VM_JSON_NONE || vm_json_type (json, list) == VM_JSON_NULL)
    return TRUE;
  read = vm_chunk_set_new (total);
  if (!read || vm_json_type (json, list) != VM_JSON_ARRAY
      || !read_runs (json, list, read)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"%s\" is no list of chunks of this file", key);
    return FALSE;
  }
  vm_chunk_set_free (*set);
  *set = g_steal_pointer (&read);
  return TRUE;
}
