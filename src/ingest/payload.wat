;; Counts what a printed byte list is made of, 32 bytes at a time. scan-payload.ts says what is counted and why; tools/payload-wasm.ts
;; turns this into payload-wasm.ts. Memory holds the piece of the list; the counts stand in globals that the caller sets to 0.
(module
  (memory (export "memory") 2)
  (global $separators (export "separators") (mut i32) (i32.const 0))
  (global $commas (export "commas") (mut i32) (i32.const 0))
  (global $foreign (export "foreign") (mut i32) (i32.const 0))
  (func $sum (param $v v128) (result i32)
    (local $w v128)
    (local.set $w (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $v))))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $w)) (i32x4.extract_lane 1 (local.get $w)))
      (i32.add (i32x4.extract_lane 2 (local.get $w)) (i32x4.extract_lane 3 (local.get $w)))))
  ;; Counts memory[p..end) up to its first closing bracket; gives where it stopped.
  (func (export "count") (param $p i32) (param $end i32) (result i32)
    (local $stop i32) (local $lane i32)
    (local $v v128) (local $u v128) (local $low v128) (local $seps v128) (local $coms v128) (local $strange v128)
    (local $byte i32)
    (block $done
      (loop $lanes
        (br_if $done (i32.gt_u (i32.add (local.get $p) (i32.const 32)) (local.get $end)))
        (local.set $lane (i32.const 0))
        (local.set $seps (v128.const i32x4 0 0 0 0))
        (local.set $coms (v128.const i32x4 0 0 0 0))
        (block $flush
          (loop $next
            (local.set $v (v128.load (local.get $p)))
            (local.set $u (v128.load offset=16 (local.get $p)))
            (br_if $flush (v128.any_true (v128.or
              (i8x16.eq (local.get $v) (v128.const i8x16 93 93 93 93 93 93 93 93 93 93 93 93 93 93 93 93))
              (i8x16.eq (local.get $u) (v128.const i8x16 93 93 93 93 93 93 93 93 93 93 93 93 93 93 93 93)))))
            (local.set $strange (v128.or (local.get $strange) (v128.or
              (v128.xor (local.get $v) (v128.const i8x16 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32))
              (v128.xor (local.get $u) (v128.const i8x16 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32)))))
            (local.set $low (v128.and (local.get $v) (v128.const i8x16 24 24 24 24 24 24 24 24 24 24 24 24 24 24 24 24)))
            (local.set $seps (i8x16.sub (local.get $seps) (i8x16.lt_u (local.get $low) (v128.const i8x16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16))))
            (local.set $coms (i8x16.sub (local.get $coms) (i8x16.eq (local.get $low) (v128.const i8x16 8 8 8 8 8 8 8 8 8 8 8 8 8 8 8 8))))
            (local.set $low (v128.and (local.get $u) (v128.const i8x16 24 24 24 24 24 24 24 24 24 24 24 24 24 24 24 24)))
            (local.set $seps (i8x16.sub (local.get $seps) (i8x16.lt_u (local.get $low) (v128.const i8x16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16))))
            (local.set $coms (i8x16.sub (local.get $coms) (i8x16.eq (local.get $low) (v128.const i8x16 8 8 8 8 8 8 8 8 8 8 8 8 8 8 8 8))))
            (local.set $p (i32.add (local.get $p) (i32.const 32)))
            (local.set $lane (i32.add (local.get $lane) (i32.const 2)))
            (br_if $next (i32.and (i32.lt_u (local.get $lane) (i32.const 252)) (i32.le_u (i32.add (local.get $p) (i32.const 32)) (local.get $end))))))
        (global.set $separators (i32.add (global.get $separators) (call $sum (local.get $seps))))
        (global.set $commas (i32.add (global.get $commas) (call $sum (local.get $coms))))
        (br_if $lanes (i32.eqz (i32.lt_u (local.get $lane) (i32.const 252))))))
    (if (v128.any_true (v128.and (local.get $strange) (v128.const i8x16 224 224 224 224 224 224 224 224 224 224 224 224 224 224 224 224)))
      (then (global.set $foreign (i32.const 1))))
    (block $closed
      (loop $tail
        (br_if $closed (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $p)))
        (br_if $closed (i32.eq (local.get $byte) (i32.const 93)))
        (if (i32.ne (i32.and (local.get $byte) (i32.const 224)) (i32.const 32)) (then (global.set $foreign (i32.const 1))))
        (if (i32.eqz (i32.and (local.get $byte) (i32.const 16))) (then (global.set $separators (i32.add (global.get $separators) (i32.const 1)))))
        (if (i32.eq (i32.and (local.get $byte) (i32.const 24)) (i32.const 8)) (then (global.set $commas (i32.add (global.get $commas) (i32.const 1)))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $tail)))
    (local.get $p))
)
