/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes from the pads file_sink_N to the participants that are meant. */

#include "controller/vmcall-priv.h"
#include "file/vmfilepad.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* Messages of one pad before the next has its turn. */
#define TURN_MAX 2

static gboolean
is_meant (VmLink *link, const gchar *to)
{
  VmParticipant *who = vm_link_get_participant (link);

  return g_strcmp0 (vm_participant_get_id (who), to) == 0
         || g_strcmp0 (vm_participant_get_user (who), to) == 0;
}

/* Whom an offer is for; NULL: nobody is there yet, or with @error too many. */
static VmLink *
find_receiver (VmCall *call, const gchar *to, GError **error)
{
  VmLink *found = NULL;

  for (guint i = 0; i < call->links->len; i++) {
    VmLink *link = call->links->pdata[i];

    if (to
        && g_strcmp0 (
               vm_participant_get_id (vm_link_get_participant (link)), to)
               == 0)
      return link;
    if (to && !is_meant (link, to))
      continue;
    if (found) {
      g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
          to ? "More than one participant is called “%s”: say its id"
             : "There is more than one other participant: say whom the file is "
               "for%s",
          to ? to : "");
      return NULL;
    }
    found = link;
  }
  return found;
}

static VmLink *
find_transfer (VmCall *call, const gchar *id)
{
  for (guint i = 0; i < call->links->len; i++) {
    if (vm_link_has_transfer (call->links->pdata[i], id))
      return call->links->pdata[i];
  }
  return NULL;
}

/* FALSE: it is to wait. */
static gboolean
put (VmCall *call, VmFilePad *pad, GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  gboolean offer = gst_structure_has_name (message, "FILE_OFFER");
  VmLink *link = find_transfer (
      call, gst_structure_get_string (message, offer ? "id" : "transferId"));
  g_autofree gchar *to = vm_file_pad_dup_to (pad);
  g_autoptr (GError) error = NULL;

  if (!link && offer)
    link = find_receiver (call, to, &error);
  if (error) {
    vm_link_refuse_file (pad, message, NULL, error);
    return TRUE;
  }
  if (!link)
    return !offer;
  return vm_link_put_file (link, pad, buffer);
}

/* Whether it has more, for its next turn. */
static gboolean
pump_pad (VmCall *call, VmFilePad *pad)
{
  for (guint n = 0; n < TURN_MAX; n++) {
    g_autoptr (GstBuffer) buffer = vm_file_pad_peek (pad);

    if (!buffer || !put (call, pad, buffer))
      return FALSE;
    vm_file_pad_pop (pad, buffer);
  }
  return TRUE;
}

static gboolean
pump (gpointer user_data)
{
  VmCall *call = user_data;

  g_atomic_int_set (&call->files_due, FALSE);
  vm_call_pump_files (call);
  return G_SOURCE_REMOVE;
}

void
vm_call_pump_files (VmCall *call)
{
  g_autoptr (GPtrArray) pads = call->funcs->list_file_pads (call->bin);
  gboolean more = FALSE;

  if (call->hung_up)
    return;
  for (guint i = 0; i < pads->len; i++)
    more |= pump_pad (call, pads->pdata[i]);
  for (guint i = 0; i < call->links->len; i++)
    more |= vm_link_pump_files (call->links->pdata[i]);
  if (more)
    vm_call_files_changed (call);
}

void
vm_call_files_changed (VmCall *call)
{
  if (g_atomic_int_compare_and_exchange (&call->files_due, FALSE, TRUE))
    vm_call_invoke (call, pump, call, NULL);
}

typedef struct
{
  VmCall *call;
  VmFilePad *pad;
} Dropped;

static void
dropped_free (gpointer data)
{
  Dropped *dropped = data;

  gst_object_unref (dropped->pad);
  g_free (dropped);
}

static gboolean
drop_pad (gpointer user_data)
{
  const Dropped *dropped = user_data;
  VmCall *call = dropped->call;

  for (guint i = 0; i < call->links->len; i++)
    vm_link_drop_file_pad (call->links->pdata[i], dropped->pad);
  vm_call_files_changed (call);
  return G_SOURCE_REMOVE;
}

void
vm_call_drop_file_pad (VmCall *call, VmFilePad *pad)
{
  Dropped *dropped = g_new (Dropped, 1);

  dropped->call = call;
  dropped->pad = gst_object_ref (pad);
  vm_call_invoke (call, drop_pad, dropped, dropped_free);
}

guint16
vm_call_serve_files (VmCall *call)
{
  g_autoptr (GError) error = NULL;

  if (!call->serves
      && !vm_node_start (call->node, VM_NODE_ROLES_SERVE, &error)) {
    GST_DEBUG_OBJECT (
        call->bin, "files come over data channels: %s", error->message);
    return 0;
  }
  call->serves = TRUE;
  return vm_node_get_port (call->node);
}
