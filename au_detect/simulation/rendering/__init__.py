"""Pictures of simulated people: skin, hair, eyes, furrows, things worn, light, camera."""
