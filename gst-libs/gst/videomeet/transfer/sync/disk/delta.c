/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/delta.h"

#include "transfer/disk/diskfile.h"

#include <librsync.h>
#include <string.h>

#define IN_SIZE (1024 * 1024) /* bytes that are read at once */
#define OUT_SIZE (256 * 1024) /* bytes that are passed on at once */
/* Signature of librsync with rolling sums by Rabin-Karp and BLAKE2. */
#define MAGIC RS_RK_BLAKE2_SIG_MAGIC
#define HEAD 12 /* bytes of a signature before its blocks */
#define WEAK 4 /* bytes of a rolling sum, which precedes the strong hash */

static void
say_nothing (rs_loglevel level, const gchar *text)
{
}

/* librsync writes to stderr what is wrong with a peer's bytes; the errors here
 * say so too. */
static gpointer
silence (gpointer data)
{
  rs_trace_to (say_nothing);
  return NULL;
}

static void
be_silent (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, silence, NULL);
}

static gboolean
fail (GError **error, rs_result result, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "%s: %s", what,
      rs_strerror (result));
  return FALSE;
}

/* Bytes of a part of a file, in order. */
typedef struct
{
  gint fd;
  guint64 at, left;
  gchar *buffer;
} Source;

static gboolean
source_fill (Source *source, rs_buffers_t *buffers, GError **error)
{
  gsize n = MIN (source->left, IN_SIZE - buffers->avail_in);
  gssize got;

  if (buffers->avail_in)
    memmove (source->buffer, buffers->next_in, buffers->avail_in);
  buffers->next_in = source->buffer;
  if (n > 0) {
    got = vm_disk_read (
        source->fd, source->buffer + buffers->avail_in, n, source->at);
    if (got < 0)
      return vm_disk_fail (error, "A file cannot be read");
    if ((gsize) got < n) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "A file became shorter while it was read");
      return FALSE;
    }
    buffers->avail_in += n;
    source->at += n;
    source->left -= n;
  }
  buffers->eof_in = source->left == 0;
  return TRUE;
}

/* Runs @job over a part of a file. */
static gboolean
run (rs_job_t *job, Source *source, VmSyncSink sink, gpointer user_data,
    GError **error)
{
  g_autofree gchar *in = g_malloc (IN_SIZE), *out = g_malloc (OUT_SIZE);
  rs_buffers_t buffers = { .next_in = in };
  rs_result result = RS_BLOCKED;

  source->buffer = in;
  while (result == RS_BLOCKED) {
    if (!source_fill (source, &buffers, error))
      return FALSE;
    buffers.next_out = out;
    buffers.avail_out = OUT_SIZE;
    result = rs_job_iter (job, &buffers);
    if (result != RS_DONE && result != RS_BLOCKED)
      return fail (error, result, "A difference cannot be made");
    if (buffers.next_out > out
        && !sink (out, buffers.next_out - out, user_data, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vm_sync_signature_make (gint fd, const VmSyncDelta *delta, VmSyncSink sink,
    gpointer user_data, GError **error)
{
  rs_job_t *job = rs_sig_begin (delta->block, delta->strong, MAGIC);
  Source source = { fd, delta->from, delta->old_size, NULL };
  gboolean made = run (job, &source, sink, user_data, error);

  rs_job_free (job);
  return made;
}

/* The header must be that of @delta: librsync believes it. */
static gboolean
check_signature (const VmSyncDelta *delta, GBytes *signature, GError **error)
{
  guint32 head[3];

  if (g_bytes_get_size (signature) == delta->signature) {
    memcpy (head, g_bytes_get_data (signature, NULL), sizeof head);
    if (GUINT32_FROM_BE (head[0]) == MAGIC
        && GUINT32_FROM_BE (head[1]) == delta->block
        && GUINT32_FROM_BE (head[2]) == delta->strong)
      return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The signature of a file is not one of its size");
  return FALSE;
}

static gint
compare_blocks (gconstpointer a, gconstpointer b, gpointer size)
{
  return memcmp (
      *(const guint8 *const *) a, *(const guint8 *const *) b, *(gsize *) size);
}

/* librsync compares a block with all others that have its rolling sum, which a
 * peer can choose. Blocks that are equal in full count once: an empty disk's
 * image has many. */
static gboolean
check_sums (const VmSyncDelta *delta, GBytes *signature, GError **error)
{
  const guint8 *data = g_bytes_get_data (signature, NULL);
  gsize block = WEAK + delta->strong;
  gsize n = (g_bytes_get_size (signature) - HEAD) / block;
  g_autofree const guint8 **blocks = NULL;
  guint same = 1;

  if (n <= VM_SYNC_SAME_SUMS_MAX)
    return TRUE;
  blocks = g_new (const guint8 *, n);
  for (gsize i = 0; i < n; i++)
    blocks[i] = data + HEAD + i * block;
  g_qsort_with_data (blocks, n, sizeof *blocks, compare_blocks, &block);
  for (gsize i = 1; i < n; i++) {
    if (memcmp (blocks[i], blocks[i - 1], WEAK) != 0)
      same = 1;
    else if (memcmp (blocks[i], blocks[i - 1], block) != 0)
      same++;
    if (same > VM_SYNC_SAME_SUMS_MAX) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "The signature of a file has the same rolling sum too often");
      return FALSE;
    }
  }
  return TRUE;
}

static rs_signature_t *
load_signature (GBytes *bytes, GError **error)
{
  rs_signature_t *signature = NULL;
  rs_job_t *job = rs_loadsig_begin (&signature);
  gsize size;
  rs_buffers_t buffers = { 0 };
  rs_result result;

  buffers.next_in = (gchar *) g_bytes_get_data (bytes, &size);
  buffers.avail_in = size;
  buffers.eof_in = TRUE;
  result = rs_job_iter (job, &buffers);
  rs_job_free (job);
  if (result == RS_DONE)
    result = rs_build_hash_table (signature);
  if (result == RS_DONE)
    return signature;
  if (signature)
    rs_free_sumset (signature);
  fail (error, result, "The signature of a file cannot be read");
  return NULL;
}

gboolean
vm_sync_delta_make (gint fd, const VmSyncDelta *delta, GBytes *bytes,
    VmSyncSink sink, gpointer user_data, GError **error)
{
  Source source = { fd, delta->from, delta->new_size, NULL };
  rs_signature_t *signature;
  rs_job_t *job;
  gboolean made;

  be_silent ();
  if (!check_signature (delta, bytes, error)
      || !check_sums (delta, bytes, error))
    return FALSE;
  signature = load_signature (bytes, error);
  if (!signature)
    return FALSE;
  job = rs_delta_begin (signature);
  made = run (job, &source, sink, user_data, error);
  rs_job_free (job);
  rs_free_sumset (signature);
  return made;
}

struct _VmSyncPatch
{
  gint fd;
  VmSyncDelta delta;
  VmSyncSink sink;
  gpointer user_data;
  rs_job_t *job;
  GByteArray *waiting; /* bytes that librsync has not taken */
  gchar *out;
  guint64 made;
  gboolean done;
};

/* What the difference takes of the old part. */
static rs_result
copy_old (void *user_data, rs_long_t at, size_t *size, void **buffer)
{
  VmSyncPatch *self = user_data;
  guint64 old = self->delta.old_size;
  gssize got;

  if (at < 0 || (guint64) at >= old)
    return RS_CORRUPT;
  got = vm_disk_read (self->fd, *buffer, MIN (*size, old - (guint64) at),
      self->delta.from + at);
  if (got <= 0)
    return RS_IO_ERROR;
  *size = got;
  return RS_DONE;
}

VmSyncPatch *
vm_sync_patch_new (
    gint fd, const VmSyncDelta *delta, VmSyncSink sink, gpointer user_data)
{
  VmSyncPatch *self = g_new0 (VmSyncPatch, 1);

  be_silent ();
  self->fd = fd;
  self->delta = *delta;
  self->sink = sink;
  self->user_data = user_data;
  self->waiting = g_byte_array_new ();
  self->out = g_malloc (OUT_SIZE);
  self->job = rs_patch_begin (copy_old, self);
  return self;
}

void
vm_sync_patch_free (VmSyncPatch *self)
{
  rs_job_free (self->job);
  g_byte_array_unref (self->waiting);
  g_free (self->out);
  g_free (self);
}

/* Passes on what was made, as long as it is not too much. */
static gboolean
pass_on (VmSyncPatch *self, gsize size, GError **error)
{
  if (size > self->delta.new_size - self->made) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A difference makes a larger file than the manifest says");
    return FALSE;
  }
  self->made += size;
  return size == 0 || self->sink (self->out, size, self->user_data, error);
}

static gboolean
patch_run (VmSyncPatch *self, gboolean eof, GError **error)
{
  rs_buffers_t buffers = { 0 };
  rs_result result = RS_BLOCKED;
  gsize size = self->waiting->len, before;

  buffers.next_in = (gchar *) self->waiting->data;
  buffers.avail_in = size;
  buffers.eof_in = eof;
  do {
    before = buffers.avail_in;
    buffers.next_out = self->out;
    buffers.avail_out = OUT_SIZE;
    result = rs_job_iter (self->job, &buffers);
    if (result != RS_DONE && result != RS_BLOCKED)
      return fail (error, result, "A difference cannot be applied");
    if (!pass_on (self, buffers.next_out - self->out, error))
      return FALSE;
  } while (result == RS_BLOCKED
           && (buffers.next_out > self->out || buffers.avail_in < before));
  self->done = result == RS_DONE;
  g_byte_array_remove_range (self->waiting, 0, size - buffers.avail_in);
  return TRUE;
}

gboolean
vm_sync_patch_take (
    VmSyncPatch *self, gconstpointer data, gsize size, GError **error)
{
  if (size == 0)
    return TRUE;
  if (self->done) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A difference goes on behind its end");
    return FALSE;
  }
  g_byte_array_append (self->waiting, data, size);
  return patch_run (self, FALSE, error);
}

gboolean
vm_sync_patch_end (VmSyncPatch *self, GError **error)
{
  if (!self->done && !patch_run (self, TRUE, error))
    return FALSE;
  if (self->done && self->made == self->delta.new_size)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A difference ends before its file");
  return FALSE;
}
