/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/lookup.h"

#include "session/session-nearby.h"

#include <string.h>

#define LOOK_MS 200 /* between two looks at who is there */
#define BROWSE_US (2 * G_TIME_SPAN_SECOND) /* for a second one of that name */
#define FIND_US (30 * G_TIME_SPAN_SECOND) /* for the first */

struct _VmtLookup
{
  VmNode *node;
  gchar *text;
  VmtOutput *output;
  gboolean told; /* what there is */
  VmtLookupFunc func;
  gpointer user_data;
  gint64 start_us;
  guint source;
};

/* That means one device, or none: others may call themselves so. */
static gboolean
is_whole_id (const gchar *text)
{
  g_autofree gchar *upper = g_ascii_strup (text, -1);
  g_autofree gchar *fingerprint = vm_fingerprint_from_device_id (upper);

  return fingerprint != NULL;
}

static gboolean
is_called (const gchar *name, const gchar *text, gboolean folded)
{
  g_autofree gchar *a = NULL, *b = NULL;

  if (!name || !folded)
    return g_strcmp0 (name, text) == 0;
  a = g_utf8_casefold (name, -1);
  b = g_utf8_casefold (text, -1);
  return strcmp (a, b) == 0;
}

static gboolean
is_meant (VmDevice *device, const gchar *text, gboolean folded)
{
  const gchar *id = vm_device_get_id (device);

  if (id && g_ascii_strncasecmp (id, text, strlen (text)) == 0)
    return TRUE;
  return !is_whole_id (text)
         && (is_called (vm_device_get_user (device), text, folded)
             || is_called (vm_device_get_device (device), text, folded));
}

/* Those that are meant; @folded: capitals or not; @n: devices, whose processes
 * are one. */
static GList *
find (VmtLookup *self, gboolean folded, guint *n)
{
  g_autolist (VmDevice) devices = vm_node_list_devices (self->node);
  VmIdentity *identity = vm_node_get_identity (self->node);
  const gchar *own = identity ? vm_identity_get_device_id (identity) : NULL;
  GList *found = NULL;

  *n = 0;
  for (GList *l = devices; l; l = l->next) {
    const gchar *id = vm_device_get_id (l->data);

    if (!is_meant (l->data, self->text, folded)
        || !vm_device_get_secure (l->data) || (id && g_strcmp0 (id, own) == 0))
      continue;
    if (!found || g_strcmp0 (vm_device_get_id (found->data), id) != 0)
      ++*n;
    found = g_list_append (found, g_object_ref (l->data));
  }
  return found;
}

static GError *
explain (const gchar *text, guint n)
{
  g_autofree gchar *safe = vmt_text_safe (text);

  if (n)
    return g_error_new (VM_ERROR, VM_ERROR_BAD_REQUEST,
        "%s means %u devices; give more of the id, which 'videomeet discover' "
        "shows.",
        safe, n);
  return g_error_new (VM_ERROR, VM_ERROR_NOT_FOUND,
      "No device %s was found on the network; 'videomeet discover' shows "
      "those there are.",
      safe);
}

static void
tell_nearby (VmtLookup *self)
{
  g_autolist (VmDevice) devices = vm_node_list_devices (self->node);
  VmIdentity *identity = vm_node_get_identity (self->node);
  const gchar *own = identity ? vm_identity_get_device_id (identity) : NULL;
  g_autoptr (GArray) found =
      g_array_new (FALSE, FALSE, sizeof (VmtNearbyDevice));

  self->told = TRUE;
  for (GList *l = devices; l; l = l->next) {
    VmtNearbyDevice one = { vm_device_get_user (l->data),
      vm_device_get_device (l->data), vm_device_get_id (l->data) };

    if (vm_device_get_secure (l->data) && one.id
        && g_strcmp0 (one.id, own) != 0)
      g_array_append_val (found, one);
  }
  vmt_nearby_tell_devices (self->output, self->text, found);
}

static gboolean
on_look (gpointer user_data)
{
  VmtLookup *self = user_data;
  gint64 passed = g_get_monotonic_time () - self->start_us;
  g_autoptr (GError) error = NULL;
  guint n;
  GList *found = find (self, FALSE, &n);

  /* who is called just so would be here by now */
  if (n == 0 && passed >= BROWSE_US)
    found = find (self, TRUE, &n);
  if (n == 0 && passed >= VMT_NEARBY_MS * G_TIME_SPAN_MILLISECOND
      && !self->told)
    tell_nearby (self);
  if (passed < BROWSE_US || (n == 0 && passed < FIND_US)) {
    g_list_free_full (found, g_object_unref);
    return G_SOURCE_CONTINUE;
  }
  if (n != 1) {
    error = explain (self->text, n);
    g_list_free_full (g_steal_pointer (&found), g_object_unref);
  }
  self->source = 0;
  self->func (found, error, self->user_data);
  return G_SOURCE_REMOVE;
}

VmtLookup *
vmt_lookup_new (VmNode *node, const gchar *text, VmtOutput *output,
    VmtLookupFunc func, gpointer user_data)
{
  VmtLookup *self = g_new0 (VmtLookup, 1);

  self->node = node;
  self->text = g_strdup (text);
  self->output = output;
  self->func = func;
  self->user_data = user_data;
  self->start_us = g_get_monotonic_time ();
  self->source = g_timeout_add (LOOK_MS, on_look, self);
  return self;
}

void
vmt_lookup_free (VmtLookup *self)
{
  if (self->source)
    g_source_remove (self->source);
  g_free (self->text);
  g_free (self);
}

gboolean
vmt_lookup_is_address (const gchar *text)
{
  const gchar *colon = strrchr (text, ':');

  return strstr (text, "://") || g_hostname_is_ip_address (text)
         || (colon && colon[1]
             && strspn (colon + 1, G_CSET_DIGITS) == strlen (colon + 1));
}
