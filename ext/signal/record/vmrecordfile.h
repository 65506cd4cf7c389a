/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer.h"

/* One Matroska file with a track for each stream of a participant, without
 * transcoding. Belongs to one thread, which opening and closing may hold up;
 * the disk itself is written to by others. */

/* Buffers of a track that wait for the disk: some 20 s of sound, 17 of pictures
 * at 60/s. A disk that is further behind loses frames. */
#define VM_RECORD_TRACK_MAX 1024
/* Buffers of a track that wait for another one, which brings nothing; then that
 * one ends. */
#define VM_RECORD_SILENT_MAX (VM_RECORD_TRACK_MAX / 4)

typedef struct _VmRecordFile VmRecordFile;

/* Matroska has its times in these. */
#define VM_RECORD_TICK GST_MSECOND

/* @caps: of each stream, NULL where it has no track. @base: the time at which
 * the file begins; what is earlier is left out. */
VmRecordFile *vm_record_file_new (const gchar *location,
    GstCaps *const caps[VM_PEER_N_STREAMS], GstClockTime base, GError **error);
const gchar *vm_record_file_get_location (VmRecordFile *self);
/* Whether it has a track for such a stream, which has not ended. */
gboolean vm_record_file_fits (
    VmRecordFile *self, VmPeerStream stream, const GstCaps *caps);
/* @buffer: has a PTS. Those of a track grow by a VM_RECORD_TICK at least: of
 * what is not as late, sound is left out, and a picture, to which the next ones
 * refer, is moved. FALSE when it was left out because a picture needs a key
 * frame first. */
gboolean vm_record_file_write (
    VmRecordFile *self, VmPeerStream stream, GstBuffer *buffer);
/* FALSE when it could not be written. */
gboolean vm_record_file_check (VmRecordFile *self, GError **error);
/* Writes what is left, unless @why says that it has failed already, and frees
 * @self. FALSE when the file is not whole. */
gboolean
vm_record_file_close (VmRecordFile *self, const GError *why, GError **error);
