package engine

import "reflect"

// cloned is a copy that shares nothing with in. Every look at a container makes
// two, which is why they do not go through JSON.
func cloned[T any](in *T) *T {
	out := new(T)
	deepen(reflect.ValueOf(out).Elem(), reflect.ValueOf(in).Elem())
	return out
}

// deepen makes to a deep copy of from. What types hide is copied as it is.
func deepen(to, from reflect.Value) {
	to.Set(from)
	switch from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			deepen(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				deepen(to.Index(i), from.Index(i))
			}
		}
	case reflect.Map:
		if !from.IsNil() {
			to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
			for each := from.MapRange(); each.Next(); {
				value := reflect.New(from.Type().Elem()).Elem()
				deepen(value, each.Value())
				to.SetMapIndex(each.Key(), value)
			}
		}
	case reflect.Struct:
		for i := range from.NumField() {
			if to.Field(i).CanSet() {
				deepen(to.Field(i), from.Field(i))
			}
		}
	}
}
