/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds a device and sends it files, one after the other. */

#include "commands.h"
#include "device.h"
#include "lookup.h"
#include "session.h"
#include "target.h"
#include "transfer.h"

#include <glib-unix.h>

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmNode *node;
  GMainLoop *loop;
  GCancellable *cancellable;
  VmtLookup *lookup;
  GPtrArray *places; /* of Place: the processes of the device */
  GThread *thread;
  VmtRate rate; /* of the present file */
  guint failed; /* files */
  gint status;
} Sending;

typedef struct
{
  gchar *uri;
  gchar *key_hash; /* or NULL: whichever */
} Place;

static void
place_free (gpointer data)
{
  Place *place = data;

  g_free (place->uri);
  g_free (place->key_hash);
  g_free (place);
}

static void
add_place (Sending *self, const gchar *uri, const gchar *key_hash)
{
  Place *place = g_new0 (Place, 1);

  place->uri = g_strdup (uri);
  place->key_hash = g_strdup (key_hash);
  g_ptr_array_add (self->places, place);
}

/* What the other thread has to say, on the main one. */
typedef struct
{
  Sending *self;
  GstStructure *transfer;
  gchar *path; /* of a file that is over, with @error */
  GError *error;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_clear_pointer (&news->transfer, gst_structure_free);
  g_free (news->path);
  g_clear_error (&news->error);
  g_free (news);
}

static void
tell_failed (Sending *self, const gchar *path, const GError *error)
{
  g_autofree gchar *safe = vmt_text_safe (path);
  g_autofree gchar *text =
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
          ? g_strdup_printf ("%s is not whole there; the same command goes on "
                             "where it was.",
              safe)
          : g_strdup_printf ("%s is not sent: %s%s", safe, error->message,
              g_str_has_suffix (error->message, ".") ? "" : ".");

  vmt_output_ticker (self->output, NULL);
  vmt_output_error (self->output,
      error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL, text);
}

static gboolean
on_news (gpointer data)
{
  News *news = data;
  Sending *self = news->self;
  g_autofree gchar *text = NULL;
  gboolean good = FALSE;

  if (news->error) {
    tell_failed (self, news->path, news->error);
    return G_SOURCE_REMOVE;
  }
  vmt_output_event (self->output, vmt_transfer_event (news->transfer));
  text = vmt_transfer_result (news->transfer, &self->rate, &good);
  if (good) {
    vmt_output_ticker (self->output, NULL);
    vmt_output_line (self->output, VMT_STYLE_GOOD, "%s", text);
    self->rate = (VmtRate){ 0 };
  } else if (!text) {
    text = vmt_transfer_progress (news->transfer, &self->rate);
    vmt_output_ticker (self->output, text);
  }
  return G_SOURCE_REMOVE;
}

static void
post (News news)
{
  g_idle_add_full (
      G_PRIORITY_DEFAULT, on_news, g_memdup2 (&news, sizeof news), news_free);
}

static gboolean
on_end (gpointer data)
{
  g_main_loop_quit (((Sending *) data)->loop);
  return G_SOURCE_REMOVE;
}

/* The sending thread */

static void
on_changed (
    VmFileSender *sender, const GstStructure *transfer, gpointer user_data)
{
  post ((News){ .self = user_data, .transfer = gst_structure_copy (transfer) });
}

static guint64
done_of (VmFileSender *sender)
{
  g_autoptr (GstStructure) transfer = vm_file_sender_describe (sender);
  guint64 done = 0;

  gst_structure_get_uint64 (transfer, "done", &done);
  return done;
}

/* @done: in and out; bytes that are there. */
static gboolean
send_once (Sending *self, const gchar *path, const Place *place, guint64 *done,
    GError **error)
{
  g_autoptr (VmFileSender) sender =
      vm_file_sender_new (path, VM_FILE_CHUNK_SIZE, error);
  gboolean sent;

  if (!sender)
    return FALSE;
  vm_file_sender_set_max_bitrate (sender, self->options->max_bitrate);
  g_signal_connect (sender, "changed", G_CALLBACK (on_changed), self);
  sent = vm_file_sender_upload (sender, vm_node_get_identity (self->node),
      place->uri, place->key_hash, self->cancellable, error);
  *done = done_of (sender);
  return sent;
}

/* A receiver that was started anew knows nothing of the transfer, but finds what
 * it has: a new one goes on, for as long as each brings more. */
static gboolean
send_to (Sending *self, const gchar *path, const Place *place, GError **error)
{
  guint64 before = 0, done = 0;

  while (!send_once (self, path, place, &done, error)) {
    if (!g_error_matches (*error, VM_ERROR, VM_ERROR_NOT_FOUND)
        || done <= before)
      return FALSE;
    before = done;
    g_clear_error (error);
  }
  return TRUE;
}

/* Whichever process of the device receives files. */
static void
send_file (Sending *self, const gchar *path)
{
  GError *error = NULL;

  for (guint i = 0; i < self->places->len; i++) {
    g_clear_error (&error);
    if (send_to (self, path, g_ptr_array_index (self->places, i), &error))
      return;
    if (!g_error_matches (error, VM_ERROR, VM_ERROR_NOT_FOUND))
      break;
  }
  self->failed++;
  post ((News){ .self = self, .path = g_strdup (path), .error = error });
}

static gpointer
send_thread (gpointer data)
{
  Sending *self = data;

  for (guint i = 0; self->options->files[i]
                    && !g_cancellable_is_cancelled (self->cancellable);
       i++)
    send_file (self, self->options->files[i]);
  g_idle_add (on_end, self);
  return NULL;
}

/* The main thread */

static void
begin (Sending *self)
{
  if (!vm_node_get_identity (self->node)) {
    vmt_output_error (self->output, vm_error_to_code (VM_ERROR_IDENTITY),
        "This device has no key, and cannot make one.");
    self->status = VMT_EXIT_FAILED;
    g_main_loop_quit (self->loop);
    return;
  }
  self->thread = g_thread_new ("vmt-send", send_thread, self);
}

static void
on_found (GList *devices, const GError *error, gpointer user_data)
{
  Sending *self = user_data;

  if (!devices) {
    vmt_output_error (
        self->output, vm_error_to_code (error->code), error->message);
    self->status = VMT_EXIT_FAILED;
    g_main_loop_quit (self->loop);
    return;
  }
  for (GList *l = devices; l; l = l->next) {
    g_autofree gchar *uri = vm_device_get_base_uri (l->data);

    add_place (self, uri, vm_device_get_key_hash (l->data));
  }
  g_list_free_full (devices, g_object_unref);
  begin (self);
}

static gboolean
on_signal (gpointer user_data)
{
  Sending *self = user_data;

  g_cancellable_cancel (self->cancellable);
  if (!self->thread) {
    self->status = VMT_EXIT_FAILED;
    vmt_output_error (self->output, vm_error_to_code (VM_ERROR_TIMEOUT),
        "Given up before the device was found.");
    g_main_loop_quit (self->loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
set_up (Sending *self, gboolean *browses)
{
  const gchar *target = self->options->target;
  gboolean address = vmt_lookup_is_address (target);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = NULL;

  g_object_set (self->node, "announce", VM_ANNOUNCE_OFF, NULL);
  if (address)
    uri = vmt_target_parse_address (target, FALSE, &error);
  else
    *browses = vm_node_start (self->node, VM_NODE_ROLES_BROWSE, &error);
  if (error) {
    vmt_output_error (self->output,
        error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL,
        error->message);
    self->status = address ? VMT_EXIT_USAGE : VMT_EXIT_FAILED;
    return FALSE;
  }
  if (uri)
    add_place (self, uri, NULL);
  else
    self->lookup = vmt_lookup_new (self->node, target, on_found, self);
  return TRUE;
}

/* Before anybody is looked for. */
static gboolean
check_files (Sending *self)
{
  for (guint i = 0; self->options->files[i]; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmFileSender) sender = vm_file_sender_new (
        self->options->files[i], VM_FILE_CHUNK_SIZE, &error);

    if (!sender) {
      tell_failed (self, self->options->files[i], error);
      return FALSE;
    }
  }
  return TRUE;
}

/* To somebody who is in it. */
static gint
send_in_meeting (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autofree gchar *meeting = NULL, *uri = NULL;
  g_autoptr (GError) error = NULL;

  if (!vmt_target_parse_meeting (options->meeting, &meeting, &uri, &error)) {
    vmt_output_error (output, NULL, error->message);
    return VMT_EXIT_USAGE;
  }
  return vmt_session_run (
      options, output, VM_MEETING_MODE_JOIN, meeting, uri, start_us);
}

gint
vmt_cmd_send (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  Sending self = { .options = options, .output = output };
  gboolean browses = FALSE;

  if (!check_files (&self))
    return VMT_EXIT_FAILED;
  if (options->meeting)
    return send_in_meeting (options, output, start_us);
  self.node = vmt_device_setup (options);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  self.places = g_ptr_array_new_with_free_func (place_free);
  if (set_up (&self, &browses)) {
    g_unix_signal_add (SIGINT, on_signal, &self);
    g_unix_signal_add (SIGTERM, on_signal, &self);
    if (!self.lookup)
      begin (&self);
    if (self.status == VMT_EXIT_OK)
      g_main_loop_run (self.loop);
    while (g_source_remove_by_user_data (&self))
      continue;
  }
  if (self.thread)
    g_thread_join (self.thread);
  /* what the thread has said last */
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_clear_pointer (&self.lookup, vmt_lookup_free);
  if (browses)
    vm_node_stop (self.node, VM_NODE_ROLES_BROWSE);
  g_ptr_array_unref (self.places);
  g_object_unref (self.cancellable);
  g_main_loop_unref (self.loop);
  return self.failed ? VMT_EXIT_FAILED : self.status;
}
