/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/objects/vmfilesender-priv.h"
#include "transfer/engine/window.h"
#include "client/signalsocket.h"
#include "client/sendqueue.h"

/* Shared by fileupload.c (the file) and fileuploadlane.c (the network). */

/* Bytes that may wait for a device that does not read: the largest window. Its
 * acknowledgements do not count. */
#define VM_UPLOAD_UNSENT_MAX VM_WINDOW_BYTES_MAX

/* A message in its wire form. */
typedef struct
{
  SoupWebsocketDataType type;
  GBytes *bytes;
} VmUploadItem;

typedef struct
{
  VmFileSender *sender;
  VmIdentity *identity;
  VmLanes *lanes;
  gint lane; /* that is open or tried */
  gboolean begun; /* the first is tried */
  gchar *key_hash; /* that every answer must show; NULL: the first one seen */
  GCancellable *caller; /* or NULL */
  GCancellable *cancellable; /* of this upload; the caller's trips it */

  GMainContext *context;
  GMainLoop *loop;
  VmHttpClient *http;
  SoupSession *session;
  SoupWebsocketConnection *socket; /* NULL: there is none now */
  VmSendQueue unsent; /* in the socket */
  GSource *again, *closing;
  GSource
      *look; /* checks that the device still answers, while there is a socket */
  gint64 heard; /* µs, monotonic */
  gchar *offer; /* JSON */
  guint64 done; /* bytes that were acknowledged when the last lane was lost */
  guint pending; /* requests whose answer has not come */
  gboolean ended;
  GError *last; /* why the last lane failed */
  GError *error; /* why it ended */

  GMutex lock; /* of what follows */
  GCond cond; /* a socket */
  GQueue queue; /* of VmUploadItem */
  gboolean full; /* no more chunks are read */
  gboolean connected;
  gboolean told; /* the network's thread is notified, and has not looked yet */
  gboolean over; /* there is nothing more to read */
  GError *why; /* why not */
} VmUpload;

/* fileupload.c */
/* A GDestroyNotify of a VmUploadItem. */
void vm_upload_item_free (gpointer item);
/* Called with lock held, after what changed the queue. */
void vm_upload_look_for_room (VmUpload *self);

/* fileuploadlane.c, in the network's thread */

/* Takes @error; of several, the first counts. */
void vm_upload_end (VmUpload *self, GError *error);
void vm_upload_drop_socket (VmUpload *self);
/* For tests: after how long without a message a socket opened later is lost;
 * ms. */
void vm_upload_set_dead_time (guint ms);
/* Sends the messages read so far, and makes the first attempt. */
gboolean vm_upload_flush (gpointer upload);
