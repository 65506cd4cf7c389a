/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The participants of the cloud, in the meeting. */

#include "bridge/vmbridge-priv.h"
#include "plugin/plugin.h"

#include <gst/videomeet/videomeet.h>
#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

void
vm_bridge_guest_free (gpointer data)
{
  VmBridgeGuest *guest = data;

  g_free (guest->id);
  g_free (guest->origin_id);
  g_free (guest->user);
  gst_clear_object (&guest->element);
  g_ptr_array_unref (guest->links);
  g_free (guest);
}

static VmBridgeGuest *
find (VmBridge *self, const gchar *id)
{
  for (guint i = 0; id && i < self->guests->len; i++) {
    VmBridgeGuest *guest = self->guests->pdata[i];

    if (strcmp (guest->id, id) == 0)
      return guest;
  }
  return NULL;
}

static void
unlink_all (VmBridgeGuest *guest)
{
  while (guest->links->len) {
    GstPad *sink = guest->links->pdata[guest->links->len - 1];
    g_autoptr (GstPad) src = gst_pad_get_peer (sink);

    if (src)
      gst_pad_unlink (src, sink);
    g_ptr_array_set_size (guest->links, guest->links->len - 1);
  }
}

/* "https://HOST:PORT/?meeting=NAME" of a browser, as the address of the
 * element. NULL: the meeting is looked for. */
static gchar *
make_uri (const gchar *link)
{
  static const gchar query[] = "/?meeting=";
  const gchar *host = link ? strstr (link, "://") : NULL;
  const gchar *name = host ? strstr (host, query) : NULL;

  if (!name)
    return NULL;
  return g_strdup_printf (
      "videomeet%.*s/%s", (gint) (name - host), host, name + strlen (query));
}

static GstPad *
request_sink (GstElement *element, const gchar *kind, guint n)
{
  g_autofree gchar *name = g_strdup_printf ("%s_sink_%u", kind, n);

  return gst_element_request_pad_simple (element, name);
}

/* Camera and screen are told apart by which comes first. */
static void
link_pad (VmBridgeGuest *guest, GstPad *src)
{
  gboolean audio = g_str_has_prefix (GST_OBJECT_NAME (src), "audio");
  guint pictures = 0;
  GstPad *sink;

  if (gst_pad_is_linked (src))
    return;
  for (guint i = 0; i < guest->links->len; i++)
    pictures +=
        g_str_has_prefix (GST_OBJECT_NAME (guest->links->pdata[i]), "video");
  if (!audio && pictures >= 2)
    return;
  sink = request_sink (
      guest->element, audio ? "audio" : "video", audio ? 0 : pictures);
  if (!sink)
    return;
  if (gst_pad_link (src, sink) != GST_PAD_LINK_OK)
    GST_WARNING_OBJECT (src, "cannot be linked to %" GST_PTR_FORMAT, sink);
  g_ptr_array_add (guest->links, sink);
}

static gchar *
get_owner (GstPad *pad)
{
  gchar *id = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (pad), "participant-id"))
    g_object_get (pad, "participant-id", &id, NULL);
  return id;
}

static void
link_existing (VmBridge *self, VmBridgeGuest *guest)
{
  g_autoptr (GPtrArray) pads =
      g_ptr_array_new_with_free_func (gst_object_unref);

  GST_OBJECT_LOCK (self->room);
  for (GList *l = self->room->srcpads; l; l = l->next)
    g_ptr_array_add (pads, gst_object_ref (l->data));
  GST_OBJECT_UNLOCK (self->room);
  for (guint i = 0; i < pads->len; i++) {
    g_autofree gchar *owner = get_owner (pads->pdata[i]);

    if (g_strcmp0 (owner, guest->id) == 0)
      link_pad (guest, pads->pdata[i]);
  }
}

static void
enter (VmBridge *self, VmBridgeGuest *guest)
{
  g_autofree gchar *uri = make_uri (self->link);

  guest->due = 0;
  guest->element = gst_object_ref (vm_bridge_make (self, "guest"));
  g_object_set (guest->element, "uri", uri, "meeting", self->meeting, "user",
      guest->user, "via", self->id, "origin-id", guest->origin_id, "receive",
      FALSE, "rejoin", FALSE, NULL);
  gst_util_set_object_arg (G_OBJECT (guest->element), "mode", "join");
  /* with what there is, so that it is there from the first connection on */
  link_existing (self, guest);
  vm_bridge_run (self, guest->element);
}

static void
enter_in (VmBridgeGuest *guest, guint ms)
{
  gint64 due = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;

  guest->due = guest->due ? MIN (guest->due, due) : due;
}

static void
tell_crowd (VmBridge *self, const gchar *user)
{
  g_autofree gchar *message = g_strdup_printf (
      "%s is in the cloud, but is not brought into the meeting: it has %d "
      "participants of the cloud, and takes no more",
      user, VM_BRIDGE_GUESTS_MAX);

  vm_bridge_tell (self, "left-out", user, message, NULL);
}

static void
leave (VmBridge *self, VmBridgeGuest *guest)
{
  unlink_all (guest);
  vm_bridge_close_element (self, &guest->element);
}

/* The newest of those that say they are the same participant, or NULL. Only
 * that one is brought: in the meeting each would end the other's seat. */
static VmBridgeGuest *
find_origin (VmBridge *self, const gchar *origin_id)
{
  for (guint i = self->guests->len; i > 0; i--) {
    VmBridgeGuest *guest = self->guests->pdata[i - 1];

    if (strcmp (guest->origin_id, origin_id) == 0)
      return guest;
  }
  return NULL;
}

void
vm_bridge_add_guest (VmBridge *self, const GstStructure *joined)
{
  const gchar *id = gst_structure_get_string (joined, "id");
  const gchar *user = gst_structure_get_string (joined, "user");
  const gchar *origin_id = gst_structure_get_string (joined, "origin-id");
  VmBridgeGuest *older, *guest;

  if (!id || !user || !origin_id || find (self, id)
      || VM_PLUGIN (vm_janus_mark_find) (origin_id, self->meeting_id)
      || g_hash_table_contains (self->barred, origin_id))
    return;
  if (self->guests->len >= VM_BRIDGE_GUESTS_MAX) {
    tell_crowd (self, user);
    return;
  }
  older = find_origin (self, origin_id);
  if (older) {
    older->due = 0;
    leave (self, older);
  }
  guest = g_new0 (VmBridgeGuest, 1);
  guest->id = g_strdup (id);
  guest->user = g_strdup (user);
  guest->origin_id = g_strdup (origin_id);
  guest->links = g_ptr_array_new_with_free_func (gst_object_unref);
  g_ptr_array_add (self->guests, guest);
  enter_in (guest, VM_BRIDGE_GUEST_MS);
}

void
vm_bridge_remove_guest (VmBridge *self, const gchar *id)
{
  VmBridgeGuest *guest = find (self, id);
  g_autofree gchar *origin_id = NULL;
  VmBridgeGuest *other;

  if (!guest)
    return;
  origin_id = g_strdup (guest->origin_id);
  leave (self, guest);
  g_ptr_array_remove (self->guests, guest);
  other = find_origin (self, origin_id);
  if (other && !other->element
      && !g_hash_table_contains (self->barred, origin_id))
    enter_in (other, VM_BRIDGE_AGAIN_MS);
}

void
vm_bridge_drop_guests (VmBridge *self)
{
  while (self->guests->len) {
    leave (self, self->guests->pdata[0]);
    g_ptr_array_remove_index (self->guests, 0);
  }
}

void
vm_bridge_link_guest (VmBridge *self, GstPad *pad)
{
  g_autofree gchar *owner = get_owner (pad);
  VmBridgeGuest *guest = find (self, owner);

  if (guest && guest->element)
    link_pad (guest, pad);
  else if (guest && guest->due)
    enter_in (guest, VM_BRIDGE_GATHER_MS);
}

/* The pad is gone from the room, and its peer is told from ours by being
 * without one. */
void
vm_bridge_unlink_guest (VmBridge *self, GstPad *pad)
{
  g_autofree gchar *owner = get_owner (pad);
  VmBridgeGuest *guest = find (self, owner);

  for (guint i = guest ? guest->links->len : 0; i > 0; i--) {
    GstPad *sink = guest->links->pdata[i - 1];

    if (gst_pad_is_linked (sink))
      continue;
    if (guest->element)
      gst_element_release_request_pad (guest->element, sink);
    g_ptr_array_remove_index (guest->links, i - 1);
  }
}

/* It doubles from one failure to the next: a meeting that is full is not asked
 * for a seat all the time. */
static guint
choose_pause (VmBridgeGuest *guest)
{
  gint64 now = g_get_monotonic_time ();

  if (now - guest->failed_at > VM_BRIDGE_STEADY_MS * G_TIME_SPAN_MILLISECOND)
    guest->failures = 0;
  guest->failed_at = now;
  guest->failures = MIN (guest->failures + 1, VM_BRIDGE_DOUBLINGS_MAX + 1);
  return VM_BRIDGE_AGAIN_MS << (guest->failures - 1);
}

/* Whoever was removed is not brought back; any other is, after a pause. */
gboolean
vm_bridge_fail_guest (
    VmBridge *self, GstElement *element, const GError *error, const gchar *code)
{
  for (guint i = 0; i < self->guests->len; i++) {
    VmBridgeGuest *guest = self->guests->pdata[i];

    if (guest->element != element)
      continue;
    vm_bridge_tell (self, "guest-failed", guest->user, error->message, code);
    leave (self, guest);
    if (g_strcmp0 (code, vm_error_to_code (VM_ERROR_KICKED)) == 0)
      g_hash_table_add (self->barred, g_strdup (guest->origin_id));
    else
      enter_in (guest, choose_pause (guest));
    return TRUE;
  }
  return FALSE;
}

void
vm_bridge_try_guests (VmBridge *self, gint64 now)
{
  for (guint i = 0; i < self->guests->len; i++) {
    VmBridgeGuest *guest = self->guests->pdata[i];

    if (guest->due && now >= guest->due)
      enter (self, guest);
  }
}
