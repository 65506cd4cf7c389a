/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GLib's locks. GMutex, GCond and the bit locks are atomic operations and a
 * futex, which TSan cannot see in code that it has not compiled. GRecMutex and
 * GRWLock are pthread's, made at first use and published by an atomic
 * operation that TSan cannot see either; so all are told to TSan by the address
 * that the program knows, and what pthread does beneath is ignored (TSan does
 * so between a pre_ and its post_).
 *
 * g_cond_wait() needs nothing: it calls g_mutex_unlock() and g_mutex_lock(). */

#include "shim.h"

static void
create (gpointer lock, guint flags)
{
  if (shim_active ())
    __tsan_mutex_create (lock, flags);
}

static void
destroy (gpointer lock)
{
  if (shim_active ())
    __tsan_mutex_destroy (lock, 0);
}

static void
before_lock (gpointer lock, guint flags)
{
  if (shim_active ())
    __tsan_mutex_pre_lock (lock, flags);
}

static void
after_lock (gpointer lock, guint flags)
{
  if (shim_active ())
    __tsan_mutex_post_lock (lock, flags, 0);
}

static gboolean
after_trylock (gpointer lock, guint flags, gboolean locked)
{
  after_lock (lock, flags | (locked ? 0 : __tsan_mutex_try_lock_failed));
  return locked;
}

static void
before_unlock (gpointer lock, guint flags)
{
  if (shim_active ())
    __tsan_mutex_pre_unlock (lock, flags);
}

static void
after_unlock (gpointer lock, guint flags)
{
  if (shim_active ())
    __tsan_mutex_post_unlock (lock, flags);
}

#define INIT(function, Type, flags) \
  void function (Type *lock)        \
  {                                 \
    REAL (function) (lock);         \
    create (lock, flags);           \
  }

#define CLEAR(function, Type) \
  void function (Type *lock)  \
  {                           \
    destroy (lock);           \
    REAL (function) (lock);   \
  }

#define LOCK(function, Type, flags) \
  void function (Type *lock)        \
  {                                 \
    before_lock (lock, flags);      \
    REAL (function) (lock);         \
    after_lock (lock, flags);       \
  }

#define TRYLOCK(function, Type, flags)                                  \
  gboolean function (Type *lock)                                        \
  {                                                                     \
    before_lock (lock, (flags) | __tsan_mutex_try_lock);                \
    return after_trylock (                                              \
        lock, (flags) | __tsan_mutex_try_lock, REAL (function) (lock)); \
  }

#define UNLOCK(function, Type, flags) \
  void function (Type *lock)          \
  {                                   \
    before_unlock (lock, flags);      \
    REAL (function) (lock);           \
    after_unlock (lock, flags);       \
  }

INIT (g_mutex_init, GMutex, 0)
CLEAR (g_mutex_clear, GMutex)
LOCK (g_mutex_lock, GMutex, 0)
TRYLOCK (g_mutex_trylock, GMutex, 0)
UNLOCK (g_mutex_unlock, GMutex, 0)

INIT (g_rec_mutex_init, GRecMutex, __tsan_mutex_write_reentrant)
CLEAR (g_rec_mutex_clear, GRecMutex)
LOCK (g_rec_mutex_lock, GRecMutex, __tsan_mutex_write_reentrant)
TRYLOCK (g_rec_mutex_trylock, GRecMutex, __tsan_mutex_write_reentrant)
UNLOCK (g_rec_mutex_unlock, GRecMutex, 0)

INIT (g_rw_lock_init, GRWLock, 0)
CLEAR (g_rw_lock_clear, GRWLock)
LOCK (g_rw_lock_writer_lock, GRWLock, 0)
TRYLOCK (g_rw_lock_writer_trylock, GRWLock, 0)
UNLOCK (g_rw_lock_writer_unlock, GRWLock, 0)
LOCK (g_rw_lock_reader_lock, GRWLock, __tsan_mutex_read_lock)
TRYLOCK (g_rw_lock_reader_trylock, GRWLock, __tsan_mutex_read_lock)
UNLOCK (g_rw_lock_reader_unlock, GRWLock, __tsan_mutex_read_lock)

/* Several bits of one word are several locks, and TSan knows a lock by its
 * address: so no lock is named, only the order between its holders. */

#undef g_pointer_bit_lock
#undef g_pointer_bit_trylock
#undef g_pointer_bit_unlock

#define BIT_LOCK(function, Word)            \
  void function (Word *address, gint bit)   \
  {                                         \
    REAL (function) (address, bit);         \
    shim_acquire ((gconstpointer) address); \
  }

#define BIT_TRYLOCK(function, Word)                   \
  gboolean function (Word *address, gint bit)         \
  {                                                   \
    gboolean locked = REAL (function) (address, bit); \
                                                      \
    if (locked)                                       \
      shim_acquire ((gconstpointer) address);         \
    return locked;                                    \
  }

#define BIT_UNLOCK(function, Word)          \
  void function (Word *address, gint bit)   \
  {                                         \
    shim_release ((gconstpointer) address); \
    REAL (function) (address, bit);         \
  }

BIT_LOCK (g_bit_lock, volatile gint)
BIT_TRYLOCK (g_bit_trylock, volatile gint)
BIT_UNLOCK (g_bit_unlock, volatile gint)
BIT_LOCK (g_pointer_bit_lock, volatile void)
BIT_TRYLOCK (g_pointer_bit_trylock, volatile void)
BIT_UNLOCK (g_pointer_bit_unlock, volatile void)
