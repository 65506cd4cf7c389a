/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes from the pads file_sink_N to the participants that are meant. */

#include "controller/vmcontroller-priv.h"
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
find_receiver (VmController *self, const gchar *to, GError **error)
{
  VmLink *found = NULL;

  for (guint i = 0; i < self->links->len; i++) {
    VmLink *link = self->links->pdata[i];

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
find_transfer (VmController *self, const gchar *id)
{
  for (guint i = 0; i < self->links->len; i++) {
    if (vm_link_has_transfer (self->links->pdata[i], id))
      return self->links->pdata[i];
  }
  return NULL;
}

/* FALSE: it is to wait. */
static gboolean
put (VmController *self, VmFilePad *pad, GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  gboolean offer = gst_structure_has_name (message, "FILE_OFFER");
  VmLink *link = find_transfer (
      self, gst_structure_get_string (message, offer ? "id" : "transferId"));
  g_autofree gchar *to = vm_file_pad_dup_to (pad);
  g_autoptr (GError) error = NULL;

  if (!link && offer)
    link = find_receiver (self, to, &error);
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
pump_pad (VmController *self, VmFilePad *pad)
{
  for (guint n = 0; n < TURN_MAX; n++) {
    g_autoptr (GstBuffer) buffer = vm_file_pad_peek (pad);

    if (!buffer || !put (self, pad, buffer))
      return FALSE;
    vm_file_pad_pop (pad, buffer);
  }
  return TRUE;
}

static gboolean
pump (gpointer user_data)
{
  VmController *self = user_data;

  g_atomic_int_set (&self->files_due, FALSE);
  vm_controller_pump_files (self);
  return G_SOURCE_REMOVE;
}

void
vm_controller_pump_files (VmController *self)
{
  g_autoptr (GPtrArray) pads = self->funcs->list_file_pads (self->bin);
  gboolean more = FALSE;

  if (self->hung_up)
    return;
  for (guint i = 0; i < pads->len; i++)
    more |= pump_pad (self, pads->pdata[i]);
  for (guint i = 0; i < self->links->len; i++)
    more |= vm_link_pump_files (self->links->pdata[i]);
  if (more)
    vm_controller_files_changed (self);
}

void
vm_controller_files_changed (VmController *self)
{
  if (g_atomic_int_compare_and_exchange (&self->files_due, FALSE, TRUE))
    vm_controller_invoke (self, pump, self, NULL);
}

typedef struct
{
  VmController *controller;
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
  VmController *self = dropped->controller;

  for (guint i = 0; i < self->links->len; i++)
    vm_link_drop_file_pad (self->links->pdata[i], dropped->pad);
  vm_controller_files_changed (self);
  return G_SOURCE_REMOVE;
}

void
vm_controller_drop_file_pad (VmController *self, VmFilePad *pad)
{
  Dropped *dropped = g_new (Dropped, 1);

  dropped->controller = self;
  dropped->pad = gst_object_ref (pad);
  vm_controller_invoke (self, drop_pad, dropped, dropped_free);
}

guint16
vm_controller_serve_files (VmController *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->serves
      && !vm_node_start (self->node, VM_NODE_ROLES_SERVE, &error)) {
    GST_DEBUG_OBJECT (
        self->bin, "files come over data channels: %s", error->message);
    return 0;
  }
  self->serves = TRUE;
  return vm_node_get_port (self->node);
}
