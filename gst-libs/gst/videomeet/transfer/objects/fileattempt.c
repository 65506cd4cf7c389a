/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/fileattempt.h"

#include <gst/videomeet/vmtransferstate.h>
#include "base/vmthread-priv.h"
#include "transfer/objects/vmfilesender-priv.h"

struct _VmFileAttempt
{
  gchar *location;
  VmIdentity *identity;
  gchar **base_uris;
  gchar *key_hash; /* until it is over, the thread's */
  gchar *user;
  VmPacer *pacer;
  gint64 lost_time; /* µs; 0: that of VmLanes */
  GMainContext *context;
  VmFileAttemptFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  GThread *thread;

  GMutex lock; /* of what follows; taken before the sender's own */
  VmFileSender *sender; /* NULL: the file is not open yet, or cannot be */
  guint64 max_bitrate;
  gboolean cancelled;
  GQueue news; /* of GstStructure */
  GSource *source; /* that tells of them */
  gboolean over;
  GError *error;
};

static gboolean
on_idle (gpointer data)
{
  VmFileAttempt *self = data;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->lock);
  self->func (self, self->user_data);
  return G_SOURCE_REMOVE;
}

/* called with lock held */
static void
tell (VmFileAttempt *self)
{
  if (self->source)
    return;
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->source, on_idle, self, NULL);
  g_source_attach (self->source, self->context);
}

/* The sending threads */

static VmTransferState
state_of (const GstStructure *transfer)
{
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  return state;
}

/* A newer figure of the same state takes the place of the older one. */
static void
on_changed (
    VmFileSender *sender, const GstStructure *transfer, gpointer user_data)
{
  VmFileAttempt *self = user_data;
  GstStructure *last;

  g_mutex_lock (&self->lock);
  last = g_queue_peek_tail (&self->news);
  if (last && state_of (last) == state_of (transfer))
    gst_structure_free (g_queue_pop_tail (&self->news));
  else if (self->news.length == VM_FILE_ATTEMPT_NEWS_MAX)
    gst_structure_free (g_queue_pop_head (&self->news));
  g_queue_push_tail (&self->news, gst_structure_copy (transfer));
  tell (self);
  g_mutex_unlock (&self->lock);
}

static VmFileSender *
open_file (VmFileAttempt *self, GError **error)
{
  VmFileSender *sender = vm_file_sender_new (self->location, 0, error);

  if (!sender)
    return NULL;
  g_signal_connect (sender, "changed", G_CALLBACK (on_changed), self);
  vm_file_sender_set_user (sender, self->user);
  vm_file_sender_set_pacer (sender, self->pacer);
  g_mutex_lock (&self->lock);
  self->sender = sender;
  vm_file_sender_set_max_bitrate (sender, self->max_bitrate);
  if (self->cancelled)
    vm_file_sender_cancel (sender);
  g_mutex_unlock (&self->lock);
  return sender;
}

/* The addresses with one port are of one program. */
static guint
door_of (const gchar *base_uri)
{
  g_autoptr (GUri) uri = g_uri_parse (base_uri, G_URI_FLAGS_NONE, NULL);

  return uri ? (guint) MAX (g_uri_get_port (uri), 0) : 0;
}

static void
send_over (VmFileAttempt *self, VmFileSender *sender, GError **error)
{
  g_autoptr (VmLanes) lanes = vm_lanes_new ();

  if (self->lost_time)
    vm_lanes_set_lost_time (lanes, self->lost_time);
  for (guint i = 0; self->base_uris[i]; i++)
    vm_lanes_add (
        lanes, VM_LANE_WSS, self->base_uris[i], door_of (self->base_uris[i]));
  vm_file_sender_upload_over (
      sender, self->identity, lanes, &self->key_hash, self->cancellable, error);
}

static gpointer
send_thread (gpointer data)
{
  VmFileAttempt *self = data;
  GError *error = NULL;
  VmFileSender *sender = open_file (self, &error);

  vm_thread_give_way ();
  if (sender)
    send_over (self, sender, &error);
  g_mutex_lock (&self->lock);
  self->over = TRUE;
  self->error = error;
  tell (self);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* The owner's */

VmFileAttempt *
vm_file_attempt_new (const VmFileAttemptConfig *config)
{
  VmFileAttempt *self = g_new0 (VmFileAttempt, 1);

  self->location = g_strdup (config->location);
  self->identity = g_object_ref (config->identity);
  self->base_uris = g_strdupv ((gchar **) config->base_uris);
  self->key_hash = g_strdup (config->key_hash);
  self->user = g_strdup (config->user);
  self->max_bitrate = config->max_bitrate;
  self->pacer = config->pacer;
  self->lost_time = config->lost_time;
  self->context = g_main_context_ref (config->context);
  self->func = config->func;
  self->user_data = config->user_data;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_queue_init (&self->news);
  self->thread = g_thread_new ("vm-file-send", send_thread, self);
  return self;
}

void
vm_file_attempt_free (VmFileAttempt *self)
{
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  if (self->source)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->sender);
  g_queue_clear_full (&self->news, (GDestroyNotify) gst_structure_free);
  g_clear_error (&self->error);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_object_unref (self->identity);
  g_strfreev (self->base_uris);
  g_free (self->key_hash);
  g_free (self->user);
  g_free (self->location);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
vm_file_attempt_set_max_bitrate (VmFileAttempt *self, guint64 max_bitrate)
{
  g_mutex_lock (&self->lock);
  self->max_bitrate = max_bitrate;
  if (self->sender)
    vm_file_sender_set_max_bitrate (self->sender, max_bitrate);
  g_mutex_unlock (&self->lock);
}

void
vm_file_attempt_cancel (VmFileAttempt *self)
{
  g_mutex_lock (&self->lock);
  self->cancelled = TRUE;
  if (self->sender)
    vm_file_sender_cancel (self->sender);
  g_mutex_unlock (&self->lock);
}

void
vm_file_attempt_interrupt (VmFileAttempt *self)
{
  g_cancellable_cancel (self->cancellable);
}

GstStructure *
vm_file_attempt_next_news (VmFileAttempt *self)
{
  GstStructure *news;

  g_mutex_lock (&self->lock);
  news = g_queue_pop_head (&self->news);
  g_mutex_unlock (&self->lock);
  return news;
}

gboolean
vm_file_attempt_is_over (VmFileAttempt *self, GError **error)
{
  gboolean over;

  g_mutex_lock (&self->lock);
  over = self->over;
  *error = over && self->error ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->lock);
  return over;
}

const gchar *
vm_file_attempt_get_key_hash (VmFileAttempt *self)
{
  return self->key_hash;
}
