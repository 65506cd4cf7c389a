/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/frame.h"

/* Shared by frame.c and framejoin.c. */

#define VM_FRAME_ID_SIZE 16 /* bytes */
#define VM_FRAME_FLAG_LAST 1

typedef enum
{
  VM_FRAME_CHUNK = 1,
  VM_FRAME_MESSAGE = 2,
} VmFrameType;

typedef struct
{
  VmFrameType type;
  gboolean last;
  guint8 id[VM_FRAME_ID_SIZE];
  guint64 index;
  guint32 offset;
  guint8 hash[VM_SHA256_SIZE];
  const guint8 *payload; /* in what was read */
  guint32 size; /* of the payload */
} VmFrame;

/* VM_ERROR_BAD_MESSAGE: it is no frame. */
gboolean
vm_frame_read (VmFrame *frame, const guint8 *data, gsize size, GError **error);
GBytes *vm_frame_write (const VmFrame *frame);

/* Converts a uuid in lower case, the only accepted form, to its bytes. */
gboolean vm_frame_id_read (const gchar *text, guint8 id[VM_FRAME_ID_SIZE]);
gchar *vm_frame_id_write (const guint8 id[VM_FRAME_ID_SIZE]);
