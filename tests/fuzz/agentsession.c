/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/agent/agent-priv.h>
#include <gst/videomeet/agent/term/vmterminal-priv.h>
#include <gst/videomeet/transfer/archive/archivewalk.h>
#include <gst/videomeet/transfer/disk/receivefolder.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One stream of a session of an agent, in any role, with a peer that says
 * whatever it likes: the session, the handlers and the folders are real.
 *
 * The first byte is the role, the second has the options, below. Then follow
 * messages: a type, a length of 2 bytes (big-endian) and a body, in which "@"
 * is the SHA-256 of the chunks so far. The type 0 says what this side has said
 * last in a message of the type that the body begins with; until there is one,
 * nothing comes, for a while. After the last message the stream is over. */

enum
{
  SERVE_FILE,
  SERVE_FOLDER,
  SERVE_TERMINAL,
  SEND_FILE,
  SEND_FOLDER,
  SYNC,
  VIEW_TERMINAL,
  N_ROLES
};

enum
{
  KNOWN = 1,
  LIMITED = 2, /* the capability allows SIZE_LEFT bytes */
  MAY_DELETE = 4,
  DECLINED = 8,
  DRY_RUN = 16,
  WATCH = 32,
  QUOTA = 64, /* of SIZE_LEFT bytes */
};

#define SIZE_LEFT 1000
#define MESSAGES_MAX 200
#define SAID_TIME 20000 /* µs: for this side to say what is said back */
#define BIG (200 * 1024) /* bytes of a file with two blocks */
#define WHEN 1700000000 /* Unix s: of all files */

/* What the peer says. */
typedef struct
{
  VmP2pPipe pipe;
  GMutex lock; /* of what follows */
  GCond changed;
  const guint8 *data;
  gsize size;
  guint n; /* messages */
  GChecksum *chunks;
  GBytes *said[256]; /* by this side, by type */
  gboolean waits; /* until this side has begun */
  gboolean closed;
} Script;

static gchar *root;
static VmAgent *agent;
static VmTerminal *shared; /* NULL: built without terminals */

static gboolean
script_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  Script *self = (Script *) pipe;
  GByteArray *whole = g_byte_array_new ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_byte_array_append (whole, head, head_size);
  if (body)
    g_byte_array_append (
        whole, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  g_assert_cmpuint (whole->len, <=, VM_P2P_BODY_MAX);
  g_assert_nonnull (vm_p2p_type_to_string (type));
  g_clear_pointer (&self->said[type], g_bytes_unref);
  self->said[type] = g_byte_array_free_to_bytes (whole);
  self->waits = FALSE;
  g_cond_broadcast (&self->changed);
  if (!self->closed)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED, "The stream is over");
  return FALSE;
}

static gboolean
is_chunk (guint8 type)
{
  return type == VM_P2P_ZIP_CHUNK || type == VM_P2P_FILE_CHUNK;
}

/* Takes @body. */
static GBytes *
fill_in (Script *self, guint8 type, GByteArray *body)
{
  g_autoptr (GChecksum) now = g_checksum_copy (self->chunks);
  const gchar *hash = g_checksum_get_string (now);
  const guint8 *at;
  GByteArray *filled;

  if (is_chunk (type) && body->len > 8)
    g_checksum_update (self->chunks, body->data + 8, body->len - 8);
  if (is_chunk (type) || !body->len
      || !(at = memchr (body->data, '@', body->len)))
    return g_byte_array_free_to_bytes (body);
  filled = g_byte_array_new ();
  g_byte_array_append (filled, body->data, at - body->data);
  g_byte_array_append (filled, (const guint8 *) hash, strlen (hash));
  g_byte_array_append (filled, at + 1, body->data + body->len - at - 1);
  g_byte_array_unref (body);
  return g_byte_array_free_to_bytes (filled);
}

/* With the lock. What this side has said last; NULL: nothing yet. */
static GBytes *
wait_for (Script *self, guint8 type, gint64 timeout)
{
  gint64 until = g_get_monotonic_time () + MIN (timeout, SAID_TIME);

  while (timeout > 0 && !self->said[type] && !self->closed)
    if (!g_cond_wait_until (&self->changed, &self->lock, until))
      break;
  return self->said[type] ? g_bytes_ref (self->said[type]) : NULL;
}

static GBytes *
script_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  Script *self = (Script *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 until = g_get_monotonic_time () + SAID_TIME;
  GByteArray *read;
  GBytes *body;
  gsize length;

  while (self->waits && !self->closed)
    if (!g_cond_wait_until (&self->changed, &self->lock, until))
      self->waits = FALSE;
  if (self->closed || self->size < 3 || self->n++ >= MESSAGES_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED, "The stream is over");
    return NULL;
  }
  length = MIN (self->size - 3, (gsize) self->data[1] << 8 | self->data[2]);
  *type = self->data[0];
  if (*type == 0 && length) {
    *type = self->data[3];
    body = wait_for (self, *type, timeout);
  } else {
    read = g_byte_array_new ();
    g_byte_array_append (read, self->data + 3, length);
    body = fill_in (self, *type, read);
  }
  if (!body)
    g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT, "Nothing comes");
  if (body || timeout > 0) {
    self->data += 3 + length;
    self->size -= 3 + length;
  }
  return body;
}

static void
script_close (VmP2pPipe *pipe, const GError *why)
{
  Script *self = (Script *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->closed = TRUE;
  g_cond_broadcast (&self->changed);
}

static void
script_end (VmP2pPipe *pipe)
{
}

static void
script_free (VmP2pPipe *pipe)
{
  script_close (pipe, NULL);
}

static gboolean
script_is_over (VmP2pPipe *pipe)
{
  Script *self = (Script *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->closed;
}

static const VmP2pPipeFuncs script_funcs = {
  .send = script_send,
  .receive = script_receive,
  .end = script_end,
  .close = script_close,
  .free = script_free,
  .is_over = script_is_over,
};

/* The folders */

static gchar *
path_of (const gchar *name)
{
  return g_build_filename (root, name, NULL);
}

static void
make_folder (const gchar *name)
{
  g_autofree gchar *path = path_of (name);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
make_file (const gchar *name, gchar fill, gsize size)
{
  const struct timespec times[2] = { { WHEN, 0 }, { WHEN, 0 } };
  g_autofree gchar *path = path_of (name);
  g_autofree gchar *data = g_strnfill (size, fill);
  gint fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, size);
  g_assert_cmpint (futimens (fd, times), ==, 0);
  close (fd);
}

static void
clear_folders (void)
{
  gint above = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const gchar *const names[] = { "received", "share", "own", "state" };

  for (guint i = 0; above >= 0 && i < G_N_ELEMENTS (names); i++)
    vm_archive_remove (above, names[i]);
  if (above >= 0)
    close (above);
}

static void
make_folders (void)
{
  clear_folders ();
  make_folder ("received");
  make_folder ("share");
  make_folder ("share/docs");
  make_file ("share/docs/a", 'a', 5);
  make_file ("share/docs/big", 's', BIG);
  make_folder ("own");
  make_folder ("own/d");
  make_file ("own/d/x", 'x', 5);
  make_file ("own/big", 'o', BIG);
}

static void
remove_all (void)
{
  clear_folders ();
  g_rmdir (root);
}

/* Nothing of the peer's is outside of the folders. */
static void
check_folders (void)
{
  g_autoptr (GDir) dir = g_dir_open (root, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)))
    g_assert_true (g_str_equal (name, "received") || g_str_equal (name, "share")
                   || g_str_equal (name, "own") || g_str_equal (name, "state"));
}

static void
set_up (void)
{
  const gchar *memory = g_access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL;
  const gchar *const cat[] = { "cat", NULL };
  g_autoptr (VmIdentity) identity = NULL;
  g_autofree gchar *keys = NULL, *state = NULL;

  root = g_build_filename (
      memory ? memory : g_get_tmp_dir (), "vm-fuzz-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (root));
  state = path_of ("state");
  g_setenv ("XDG_STATE_HOME", state, TRUE);
  keys = path_of ("state/keys");
  identity = vm_identity_load (keys, NULL);
  g_assert_nonnull (identity);
  agent = vm_agent_new (identity, "http://127.0.0.1:1", "room", "Ann");
  agent->share_folder = path_of ("share");
  shared = vm_agent_share_terminal (agent, cat, 40, 10, NULL, NULL);
  atexit (remove_all);
}

/* The session */

static VmAgentSession *
make_session (guint role, guint8 options)
{
  VmAgentSession *self = g_atomic_rc_box_new0 (VmAgentSession);
  g_autofree gchar *received = path_of ("received"), *share = path_of ("share");
  const VmReceiveRules rules = { .no_fsync = TRUE };

  self->agent = g_object_ref (agent);
  self->incoming = role <= SERVE_TERMINAL;
  self->id = g_strdup ("session");
  self->peer = g_new0 (VmAgentPeer, 1);
  self->peer->device_id = g_strdup ("PEERDEVICE");
  self->peer->proven_id = g_strdup (self->peer->device_id);
  self->peer->device = g_strdup ("laptop");
  self->peer->user = g_strdup ("Bob");
  self->kind = role == SERVE_FILE || role == SEND_FILE ? VM_MESH_FILE
               : role == SERVE_TERMINAL || role == VIEW_TERMINAL
                   ? VM_MESH_TERMINAL
                   : VM_MESH_FOLDER;
  self->accept = options & DECLINED ? VM_ACCEPT_NEVER : VM_ACCEPT_AUTO;
  self->allow_delete = (options & MAY_DELETE) != 0;
  self->permissions = ~0u;
  self->trusted = TRUE;
  self->known = (options & KNOWN) != 0;
  self->size_left = options & LIMITED ? SIZE_LEFT : -1;
  agent->quota = options & QUOTA ? SIZE_LEFT : 0;
  self->folder = vm_receive_folder_open (received, &rules, NULL);
  self->share = open (share, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  self->term = agent->term ? vm_agent_term_ref (agent->term) : NULL;
  self->threads = g_ptr_array_new ();
  self->candidates = g_array_new (FALSE, FALSE, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->jobs);
  return self;
}

static void
add_job (VmAgentSession *session, guint role, guint8 options)
{
  VmAgentJob *job = g_new0 (VmAgentJob, 1);

  job->transfer_id = vm_agent_next_id (agent);
  job->name = g_strdup ("own");
  job->location = path_of (role == SEND_FILE ? "own/d/x" : "own");
  job->their_folder = g_strdup ("docs");
  job->kind = role == SEND_FILE     ? VM_AGENT_KIND_FILE
              : role == SEND_FOLDER ? VM_AGENT_KIND_FOLDER
                                    : VM_AGENT_KIND_SYNC;
  if (options & DRY_RUN)
    job->flags |= VM_AGENT_SYNC_FLAGS_DRY_RUN;
  if (options & WATCH)
    job->flags |= VM_AGENT_SYNC_FLAGS_WATCH;
  if (options & MAY_DELETE)
    job->flags |= VM_AGENT_SYNC_FLAGS_DELETE;
  if (role == VIEW_TERMINAL)
    job->terminal = G_OBJECT (vm_terminal_new (agent, "Bob"));
  g_queue_push_tail (&session->jobs, job);
}

typedef struct
{
  VmAgentSession *session;
  VmP2pPipe *pipe;
  gboolean over;
} Run;

static gboolean
on_over (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gpointer
run_stream (gpointer data)
{
  Run *run = data;

  if (run->session->incoming)
    vm_agent_stream_serve (run->session, run->pipe);
  else
    vm_agent_stream_work (run->session, run->pipe);
  g_idle_add (on_over, &run->over);
  return NULL;
}

void
fuzz_one (const guint8 *data, gsize size)
{
  Script script = { .pipe.funcs = &script_funcs };
  Run run = { .pipe = &script.pipe };
  GThread *thread;
  guint role;

  if (size < 2)
    return;
  if (!agent)
    set_up ();
  role = data[0] % N_ROLES;
  if (!shared && role == SERVE_TERMINAL)
    return;
  script.data = data + 2;
  script.size = size - 2;
  script.chunks = g_checksum_new (G_CHECKSUM_SHA256);
  g_mutex_init (&script.lock);
  g_cond_init (&script.changed);
  make_folders ();
  run.session = make_session (role, data[1]);
  if (!run.session->incoming)
    add_job (run.session, role, data[1]);
  script.waits = !run.session->incoming;
  thread = g_thread_new ("stream", run_stream, &run);
  while (!run.over)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  vm_agent_session_unref (run.session);
  check_folders ();
  for (guint i = 0; i < G_N_ELEMENTS (script.said); i++)
    g_clear_pointer (&script.said[i], g_bytes_unref);
  g_checksum_free (script.chunks);
  g_mutex_clear (&script.lock);
  g_cond_clear (&script.changed);
}
