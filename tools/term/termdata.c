/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "term/termdata.h"

#include <peer/vmpeer.h>

#include <errno.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNEL "term"
#define HEADER_SIZE 5 /* bytes: length, type */
#define PIECE_SIZE (16 * 1024) /* bytes read at once */
/* For what was said last to reach the page. */
#define LAST_WORDS_MS 1000
#define WORKERS_WAIT (3 * GST_SECOND)

typedef struct
{
  VmtTermData *data;
  gchar *id;
  VmPeer *peer;
  gint fd;
  GByteArray *read; /* of the agent, not a whole message yet */
  guint readable; /* source, or 0 */
  guint closing; /* likewise */
} Page;

struct _VmtTermData
{
  VmAgent *agent;
  gchar *stun; /* "stun://…", or NULL */
  GPtrArray *pages; /* of Page */
};

static void
page_free (gpointer data)
{
  Page *page = data;

  g_clear_handle_id (&page->readable, g_source_remove);
  g_clear_handle_id (&page->closing, g_source_remove);
  g_signal_handlers_disconnect_by_data (page->peer, page);
  vm_peer_close (page->peer);
  g_object_unref (page->peer);
  close (page->fd);
  g_byte_array_unref (page->read);
  g_free (page->id);
  g_free (page);
}

static gboolean
on_close (gpointer data)
{
  Page *page = data;

  page->closing = 0;
  g_ptr_array_remove (page->data->pages, page);
  return G_SOURCE_REMOVE;
}

/* Not inside a signal of its peer. */
static void
close_page (Page *page, guint ms)
{
  g_clear_handle_id (&page->readable, g_source_remove);
  g_clear_handle_id (&page->closing, g_source_remove);
  page->closing = g_timeout_add (ms, on_close, page);
}

static Page *
find (VmtTermData *self, const gchar *id)
{
  for (guint i = 0; i < self->pages->len; i++) {
    Page *page = g_ptr_array_index (self->pages, i);

    if (strcmp (page->id, id) == 0)
      return page;
  }
  return NULL;
}

/* From the agent to the page */

static gsize
message_size (const guint8 *data)
{
  return HEADER_SIZE
         + ((gsize) data[0] << 24 | (gsize) data[1] << 16 | (gsize) data[2] << 8
             | data[3]);
}

/* Whole messages, each in one of the channel. FALSE: one cannot be sent. */
static gboolean
send_whole (Page *page)
{
  GByteArray *read = page->read;

  while (read->len >= HEADER_SIZE && read->len >= message_size (read->data)) {
    gsize size = message_size (read->data);
    g_autoptr (GBytes) message = g_bytes_new (read->data, size);
    g_autoptr (GError) error = NULL;

    if (!vm_peer_send_data (page->peer, CHANNEL, message, &error)) {
      g_info ("the page %s gets no more: %s", page->id, error->message);
      return FALSE;
    }
    g_byte_array_remove_range (read, 0, size);
  }
  return read->len < HEADER_SIZE
         || message_size (read->data) <= VM_PEER_MESSAGE_MAX;
}

static gboolean
has_room (Page *page)
{
  return vm_peer_get_buffered (page->peer, CHANNEL) <= VM_PEER_BUFFERED_LOW;
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer data)
{
  Page *page = data;
  guint8 piece[PIECE_SIZE];
  gssize got;

  if (!has_room (page)) {
    /* until "drained" */
    page->readable = 0;
    return G_SOURCE_REMOVE;
  }
  got = recv (fd, piece, sizeof piece, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (got > 0) {
    g_byte_array_append (page->read, piece, got);
    if (send_whole (page))
      return G_SOURCE_CONTINUE;
  }
  page->readable = 0;
  close_page (page, got == 0 ? LAST_WORDS_MS : 0);
  return G_SOURCE_REMOVE;
}

static void
watch (Page *page)
{
  if (!page->readable && !page->closing)
    page->readable =
        g_unix_fd_add (page->fd, G_IO_IN | G_IO_HUP, on_readable, page);
}

static void
on_drained (VmPeer *peer, const gchar *label, Page *page)
{
  if (strcmp (label, CHANNEL) == 0)
    watch (page);
}

/* From the page to the agent */

gboolean
vmt_term_data_is_message (const guint8 *data, gsize size)
{
  return size >= HEADER_SIZE && size <= VMT_TERM_PAGE_MESSAGE_MAX
         && message_size (data) == size;
}

static void
on_data (VmPeer *peer, const gchar *label, GBytes *bytes, Page *page)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (strcmp (label, CHANNEL) != 0 || page->closing)
    return;
  /* the agent reads at once: where the socket is full, it is too much */
  if (!vmt_term_data_is_message (data, size)
      || send (page->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
             != (gssize) size) {
    g_info ("the page %s says what cannot be taken", page->id);
    close_page (page, 0);
  }
}

/* The connection */

static void
on_channel (VmPeer *peer, const gchar *label, gboolean open, Page *page)
{
  if (strcmp (label, CHANNEL) != 0)
    return;
  if (open)
    watch (page);
  else
    close_page (page, 0);
}

static void
on_state (VmPeer *peer, guint state, GError *error, Page *page)
{
  if (state != VM_PEER_STATE_FAILED && state != VM_PEER_STATE_CLOSED)
    return;
  g_info ("the page %s is not connected any more: %s", page->id,
      error ? error->message : "it has closed");
  close_page (page, 0);
}

static void
on_candidate (VmPeer *peer, guint mline, const gchar *candidate, Page *page)
{
  g_signal_emit_by_name (
      page->data->agent, "send-page-candidate", page->id, mline, candidate);
}

static void
on_description (VmPeer *peer, gboolean offer, const gchar *sdp, Page *page)
{
  guint mline = 0;
  g_auto (GStrv) found = vm_peer_take_found (peer, &mline);

  g_signal_emit_by_name (page->data->agent, "answer-page", page->id, sdp);
  for (guint i = 0; found && found[i]; i++)
    on_candidate (peer, mline, found[i], page);
}

static gboolean
on_page (VmAgent *agent, const gchar *id, const gchar *user, const gchar *offer,
    gint fd, VmtTermData *self)
{
  const VmPeerConfig config = { .name = id, .stun_server = self->stun };
  Page *page = find (self, id);

  /* it has offered anew */
  if (page)
    g_ptr_array_remove (self->pages, page);
  page = g_new0 (Page, 1);
  page->data = self;
  page->id = g_strdup (id);
  page->fd = fd;
  page->read = g_byte_array_new ();
  page->peer = vm_peer_new (&config, NULL, NULL, NULL);
  g_ptr_array_add (self->pages, page);
  g_signal_connect (
      page->peer, "description", G_CALLBACK (on_description), page);
  g_signal_connect (page->peer, "candidate", G_CALLBACK (on_candidate), page);
  g_signal_connect (page->peer, "state", G_CALLBACK (on_state), page);
  g_signal_connect (page->peer, "channel", G_CALLBACK (on_channel), page);
  g_signal_connect (page->peer, "data", G_CALLBACK (on_data), page);
  g_signal_connect (page->peer, "drained", G_CALLBACK (on_drained), page);
  vm_peer_start (page->peer);
  vm_peer_set_remote_description (page->peer, TRUE, offer);
  return TRUE;
}

static void
on_page_candidate (VmAgent *agent, const gchar *id, guint mline,
    const gchar *candidate, VmtTermData *self)
{
  Page *page = find (self, id);

  if (page && !page->closing)
    vm_peer_add_candidate (page->peer, mline, candidate);
}

/* The first that is not installed, or NULL. */
static const gchar *
find_missing (void)
{
  static const gchar *const needed[] = { "webrtcbin", "nicesrc", "dtlsdec",
    "sctpdec" };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    g_autoptr (GstElementFactory) factory =
        gst_element_factory_find (needed[i]);

    if (!factory)
      return needed[i];
  }
  return NULL;
}

VmtTermData *
vmt_term_data_new (VmAgent *agent, const gchar *stun, VmtOutput *output)
{
  VmtTermData *self = g_new0 (VmtTermData, 1);
  const gchar *missing;

  missing = find_missing ();
  self->agent = g_object_ref (agent);
  self->stun = stun ? g_strconcat ("stun://", stun, NULL) : NULL;
  self->pages = g_ptr_array_new_with_free_func (page_free);
  if (missing) {
    g_autofree gchar *text = g_strdup_printf (
        "Browsers cannot see the terminal: GStreamer has no %s here.", missing);

    vmt_output_warning (output, NULL, text);
    return self;
  }
  vm_peer_prepare ();
  g_signal_connect (agent, "page", G_CALLBACK (on_page), self);
  g_signal_connect (
      agent, "page-candidate", G_CALLBACK (on_page_candidate), self);
  return self;
}

void
vmt_term_data_free (VmtTermData *self)
{
  g_signal_handlers_disconnect_by_data (self->agent, self);
  g_ptr_array_unref (self->pages);
  vm_peer_join_workers (WORKERS_WAIT);
  g_object_unref (self->agent);
  g_free (self->stun);
  g_free (self);
}
