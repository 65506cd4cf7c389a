/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/transfer/archive/p2pzip.h>
#include <gst/videomeet/transfer/p2p/p2pfiles.h>

/* Two handlers and a stream in memory between them, which the test can look
 * into, change and cut; or one handler, and a peer that the test plays. */

#define P2P_WAIT (20 * G_USEC_PER_SEC)

typedef struct _P2pLink P2pLink;

/* A message on its way; *@body may be replaced. FALSE: the stream is cut
 * instead. */
typedef gboolean (*P2pFilter) (
    P2pLink *link, gboolean from_sender, guint8 type, GBytes **body);

struct _P2pLink
{
  gchar *root; /* a folder for all: */
  gchar *from, *to; /* a folder to send from, and the receiving folder */
  VmReceiveRules rules;
  VmP2pPipe *near, *far; /* the sender's end, and the receiver's */
  P2pFilter filter; /* or NULL */
  gpointer data; /* of it */
  guint64 carried; /* bytes of chunks that went through, atomic enough: one
                    * thread sends them */
  guint chunks;
  GByteArray *types; /* of the messages from the sender */
  VmP2pSend send;
  VmP2pSendZip zip;
  VmP2pReceive receive;
  gboolean sent, received;
  GError *send_error, *receive_error;
  gchar *saved_path;
  GPtrArray *left_out; /* texts */
  GThread *sender, *receiver;
  VmReceiveFolder *folder;
};

P2pLink *p2p_link_new (void);
void p2p_link_free (P2pLink *self);

/* A file in the folder to send from. Returns: (transfer full): its path */
gchar *p2p_link_make_file (P2pLink *self, const gchar *name, gsize size);
/* A new stream, in place of the one there was. */
void p2p_link_connect (P2pLink *self);
/* Both handlers, until both have ended. */
void p2p_link_send (P2pLink *self, const gchar *location);
void p2p_link_send_zip (P2pLink *self, const gchar *location);
/* One of them. */
void p2p_link_begin_send (P2pLink *self, const gchar *location);
void p2p_link_begin_zip (P2pLink *self, const gchar *location);
void p2p_link_begin_receive (P2pLink *self);
void p2p_link_begin_receive_zip (P2pLink *self);
/* Waits for those that were begun. */
void p2p_link_end (P2pLink *self);

void p2p_link_check_sent (P2pLink *self);
/* That both have failed, or did not run. */
void p2p_link_check_failed (P2pLink *self, gint sender, gint receiver);
/* The file @name in the receiving folder is the file @location. */
void
p2p_link_check_file (P2pLink *self, const gchar *name, const gchar *location);
/* Names in the receiving folder, sorted, with " " between. Returns: (transfer
 * full) */
gchar *p2p_link_list (P2pLink *self);

/* What the test says in a peer's place. */
void p2p_say (VmP2pPipe *pipe, guint8 type, const gchar *json);
void p2p_say_chunk (VmP2pPipe *pipe, guint8 type, guint64 offset,
    gconstpointer data, gsize size);
/* The next message, which is of @type. Returns: (transfer full) */
GBytes *p2p_hear (VmP2pPipe *pipe, guint8 type);
/* The same as text. Returns: (transfer full) */
gchar *p2p_hear_json (VmP2pPipe *pipe, guint8 type);
/* The offset of a chunk, and its bytes. */
guint64 p2p_chunk_offset (GBytes *body);
