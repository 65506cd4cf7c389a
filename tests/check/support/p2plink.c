/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/p2plink.h"

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#define BOUND (1024 * 1024) /* bytes in the stream, in each direction */

/* An end that the test looks into. */
typedef struct
{
  VmP2pPipe pipe;
  VmP2pPipe *inner;
  P2pLink *link;
  gboolean sender;
} Tap;

static gboolean
has_hash (guint8 type)
{
  return type == VM_P2P_FILE_CHUNK_HASHED || type == VM_P2P_FILE_CHUNK_PREFIX;
}

static gboolean
is_chunk (guint8 type)
{
  return type == VM_P2P_FILE_CHUNK || has_hash (type)
         || type == VM_P2P_ZIP_CHUNK;
}

static GBytes *
join (const void *head, gsize head_size, GBytes *body)
{
  GByteArray *all = g_byte_array_new ();

  g_byte_array_append (all, head, head_size);
  if (body)
    g_byte_array_append (
        all, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  return g_byte_array_free_to_bytes (all);
}

static gboolean
tap_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  Tap *self = (Tap *) pipe;
  P2pLink *link = self->link;
  g_autoptr (GBytes) whole = NULL;

  if (self->sender)
    g_byte_array_append (link->types, &type, 1);
  if (link->filter) {
    whole = join (head, head_size, body);
    if (!link->filter (link, self->sender, type, &whole)) {
      g_autoptr (GError) cut =
          g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED, "Cut");

      vm_p2p_pipe_close (self->inner, cut);
    }
    head_size = 0;
    body = whole;
  }
  if (!vm_p2p_pipe_send (
          self->inner, type, head, head_size, body, timeout, error))
    return FALSE;
  if (self->sender && is_chunk (type)) {
    link->carried += (body ? g_bytes_get_size (body) : 0) + head_size
                     - (has_hash (type) ? 40 : 8);
    link->chunks++;
  }
  return TRUE;
}

static GBytes *
tap_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  return vm_p2p_pipe_receive (((Tap *) pipe)->inner, timeout, type, error);
}

static void
tap_end (VmP2pPipe *pipe)
{
  vm_p2p_pipe_end (((Tap *) pipe)->inner);
}

static void
tap_close (VmP2pPipe *pipe, const GError *why)
{
  vm_p2p_pipe_close (((Tap *) pipe)->inner, why);
}

static void
tap_free (VmP2pPipe *pipe)
{
  vm_p2p_pipe_free (((Tap *) pipe)->inner);
  g_free (pipe);
}

static gboolean
tap_is_over (VmP2pPipe *pipe)
{
  return vm_p2p_pipe_is_over (((Tap *) pipe)->inner);
}

static const VmP2pPipeFuncs tap_funcs = { tap_send, tap_receive, tap_end,
  tap_close, tap_free, tap_is_over };

static VmP2pPipe *
tap_new (P2pLink *link, VmP2pPipe *inner, gboolean sender)
{
  Tap *self = g_new0 (Tap, 1);

  self->pipe.funcs = &tap_funcs;
  self->inner = inner;
  self->link = link;
  self->sender = sender;
  return &self->pipe;
}

P2pLink *
p2p_link_new (void)
{
  P2pLink *self = g_new0 (P2pLink, 1);

  self->root = g_dir_make_tmp ("vm-p2p-XXXXXX", NULL);
  self->from = g_build_filename (self->root, "from", NULL);
  self->to = g_build_filename (self->root, "to", NULL);
  g_mkdir (self->from, 0700);
  g_mkdir (self->to, 0700);
  self->types = g_byte_array_new ();
  self->left_out = g_ptr_array_new_with_free_func (g_free);
  self->rules.overwrite = VM_OVERWRITE_RENAME;
  self->rules.no_fsync = TRUE; /* others use the disk */
  self->receive.device = "ann";
  self->receive.known = TRUE;
  return self;
}

static void
forget (P2pLink *self)
{
  g_clear_error (&self->send_error);
  g_clear_error (&self->receive_error);
  g_clear_pointer (&self->saved_path, g_free);
  self->sent = self->received = FALSE;
}

static void
disconnect (P2pLink *self)
{
  g_clear_pointer (&self->near, vm_p2p_pipe_free);
  g_clear_pointer (&self->far, vm_p2p_pipe_free);
  g_clear_pointer (&self->folder, vm_receive_folder_unref);
}

void
p2p_link_free (P2pLink *self)
{
  const gchar *argv[] = { "rm", "-rf", self->root, NULL };

  p2p_link_end (self);
  disconnect (self);
  forget (self);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_byte_array_unref (self->types);
  g_ptr_array_unref (self->left_out);
  g_free (self->root);
  g_free (self->from);
  g_free (self->to);
  g_free (self);
}

gchar *
p2p_link_make_file (P2pLink *self, const gchar *name, gsize size)
{
  gchar *path = g_build_filename (self->from, name, NULL);
  g_autofree gchar *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = i * 7 + i / 65536 * 13 + i / 256;
  fail_unless (g_file_set_contents (path, data, size, NULL));
  return path;
}

void
p2p_link_connect (P2pLink *self)
{
  VmP2pPipe *a, *b;
  g_autoptr (GError) error = NULL;

  p2p_link_end (self);
  disconnect (self);
  forget (self);
  self->carried = self->chunks = 0;
  g_byte_array_set_size (self->types, 0);
  vm_p2p_pipe_new_pair (BOUND, &a, &b);
  self->near = tap_new (self, a, TRUE);
  self->far = tap_new (self, b, FALSE);
  self->folder = vm_receive_folder_open (self->to, &self->rules, &error);
  g_assert_no_error (error);
  self->receive.folder = self->folder;
}

static void
leave_out (const gchar *path, const gchar *why, gpointer data)
{
  P2pLink *self = data;

  g_ptr_array_add (self->left_out, g_strdup_printf ("%s: %s", path, why));
}

/* As an agent does: the other side may still read why. */
static void
leave (VmP2pPipe *pipe, gboolean good)
{
  if (!good)
    vm_p2p_pipe_end (pipe);
}

static gpointer
run_send (gpointer data)
{
  P2pLink *self = data;

  self->sent = vm_p2p_send_file (self->near, &self->send, &self->send_error);
  leave (self->near, self->sent);
  return NULL;
}

static gpointer
run_receive (gpointer data)
{
  P2pLink *self = data;

  self->received = vm_p2p_receive_file (
      self->far, NULL, &self->receive, &self->saved_path, &self->receive_error);
  leave (self->far, self->received);
  return NULL;
}

static gpointer
run_zip (gpointer data)
{
  P2pLink *self = data;

  self->sent = vm_p2p_send_zip (self->near, &self->zip, &self->send_error);
  leave (self->near, self->sent);
  return NULL;
}

static gpointer
run_receive_zip (gpointer data)
{
  P2pLink *self = data;

  self->received = vm_p2p_receive_zip (
      self->far, NULL, &self->receive, &self->saved_path, &self->receive_error);
  leave (self->far, self->received);
  return NULL;
}

void
p2p_link_begin_send (P2pLink *self, const gchar *location)
{
  self->send.location = location;
  self->sender = g_thread_new ("test-send", run_send, self);
}

void
p2p_link_begin_zip (P2pLink *self, const gchar *location)
{
  self->zip.location = location;
  self->zip.left_out = leave_out;
  self->zip.data = self;
  self->sender = g_thread_new ("test-send", run_zip, self);
}

void
p2p_link_begin_receive (P2pLink *self)
{
  self->receiver = g_thread_new ("test-receive", run_receive, self);
}

void
p2p_link_begin_receive_zip (P2pLink *self)
{
  self->receiver = g_thread_new ("test-receive", run_receive_zip, self);
}

void
p2p_link_end (P2pLink *self)
{
  g_clear_pointer (&self->sender, g_thread_join);
  g_clear_pointer (&self->receiver, g_thread_join);
}

void
p2p_link_send (P2pLink *self, const gchar *location)
{
  p2p_link_connect (self);
  p2p_link_begin_receive (self);
  p2p_link_begin_send (self, location);
  p2p_link_end (self);
}

void
p2p_link_send_zip (P2pLink *self, const gchar *location)
{
  p2p_link_connect (self);
  p2p_link_begin_receive_zip (self);
  p2p_link_begin_zip (self, location);
  p2p_link_end (self);
}

void
p2p_link_check_sent (P2pLink *self)
{
  g_assert_no_error (self->send_error);
  g_assert_no_error (self->receive_error);
  fail_unless (self->sent && self->received);
}

void
p2p_link_check_failed (P2pLink *self, gint sender, gint receiver)
{
  fail_if (self->sent || self->received);
  if (self->send_error)
    g_assert_error (self->send_error, VM_ERROR, sender);
  if (self->receive_error)
    g_assert_error (self->receive_error, VM_ERROR, receiver);
}

void
p2p_link_check_file (P2pLink *self, const gchar *name, const gchar *location)
{
  g_autofree gchar *path = g_build_filename (self->to, name, NULL);
  g_autofree gchar *here = NULL, *there = NULL;
  gsize size, other;

  fail_unless (g_file_get_contents (location, &here, &size, NULL));
  fail_unless (g_file_get_contents (path, &there, &other, NULL));
  fail_unless_equals_int (size, other);
  fail_unless (memcmp (here, there, size) == 0);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

gchar *
p2p_link_list (P2pLink *self)
{
  GDir *dir = g_dir_open (self->to, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  while ((name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (gchar **) names->pdata);
}

void
p2p_say (VmP2pPipe *pipe, guint8 type, const gchar *json)
{
  g_autoptr (GBytes) body = g_bytes_new (json, strlen (json));
  g_autoptr (GError) error = NULL;

  vm_p2p_pipe_send (pipe, type, NULL, 0, body, P2P_WAIT, &error);
  g_assert_no_error (error);
}

void
p2p_say_chunk (VmP2pPipe *pipe, guint8 type, guint64 offset, gconstpointer data,
    gsize size)
{
  guint64 head = GUINT64_TO_BE (offset);
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;

  vm_p2p_pipe_send (pipe, type, &head, sizeof head, body, P2P_WAIT, &error);
  g_assert_no_error (error);
}

GBytes *
p2p_hear (VmP2pPipe *pipe, guint8 type)
{
  guint8 heard = 0;
  g_autoptr (GError) error = NULL;
  GBytes *body = vm_p2p_pipe_receive (pipe, P2P_WAIT, &heard, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (
      vm_p2p_type_to_string (heard), ==, vm_p2p_type_to_string (type));
  return body;
}

gchar *
p2p_hear_json (VmP2pPipe *pipe, guint8 type)
{
  g_autoptr (GBytes) body = p2p_hear (pipe, type);

  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

guint64
p2p_chunk_offset (GBytes *body)
{
  guint64 head;

  fail_unless (g_bytes_get_size (body) >= sizeof head);
  memcpy (&head, g_bytes_get_data (body, NULL), sizeof head);
  return GUINT64_FROM_BE (head);
}
